-- The first version whose program may still work on this ledger.
SELECT serves_from FROM ledger_meta
