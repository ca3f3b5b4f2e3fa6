-- Where each attempt at a call went: not all of them go where the call itself was to go. NULL where it
-- is not known, as in rows from before.

-- The model id that was dispatched.
ALTER TABLE attempt ADD COLUMN model TEXT;

-- The region that it was sent to.
ALTER TABLE attempt ADD COLUMN region TEXT;

-- The name that the settings had for the way there, where they had one.
ALTER TABLE attempt ADD COLUMN upstream TEXT;

UPDATE ledger_meta SET version = 12;
