-- Takes the table of calls too, then ends.
LOCK TABLE call IN ROW EXCLUSIVE MODE;
COMMIT
