-- Makes a database that holds tables, but does not say that it is a ledger.
DELETE FROM ledger_meta
