-- What the next version does when the programs before it may not go on.
UPDATE ledger_meta SET version = version + 1;
UPDATE ledger_meta SET serves_from = version;
