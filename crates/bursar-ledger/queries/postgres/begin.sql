-- Begins a transaction; before the one statement of end_transaction.sql, so that this has one to
-- end and the server does not log a warning for each.
BEGIN
