-- Takes the table of windows too, then ends.
LOCK TABLE budget_window IN ACCESS EXCLUSIVE MODE;
COMMIT
