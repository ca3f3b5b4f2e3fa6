-- Tells every process that what it knows by heart has changed.
UPDATE ledger_revision SET revision = revision + 1
