-- Makes a ledger of a later program.
UPDATE ledger_meta SET version = 99
