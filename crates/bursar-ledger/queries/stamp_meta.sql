-- Says when the ledger was made, once.
UPDATE ledger_meta SET created_ms = $1 WHERE created_ms = 0
