-- Makes a ledger of a later program, and of no other.
UPDATE ledger_meta SET version = 99, serves_from = 99
