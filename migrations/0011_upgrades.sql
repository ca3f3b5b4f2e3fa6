-- Which programs may work on this ledger: those of version `serves_from` and later ones. A migration
-- that only adds leaves it as it is, and the program before goes on serving; one after which an older
-- program's statements would fail, or mean something else, raises it.
ALTER TABLE ledger_meta ADD COLUMN serves_from BIGINT NOT NULL DEFAULT 0;

UPDATE ledger_meta SET version = 11, serves_from = 11;
