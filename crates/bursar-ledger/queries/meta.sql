-- What this database is.
SELECT kind, version FROM ledger_meta
