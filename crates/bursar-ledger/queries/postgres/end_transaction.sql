-- Ends a transaction that a dropped future may have left open on a pooled connection.
ROLLBACK
