-- What the next version may do to a ledger on which this one goes on serving: it adds, to every table
-- that calls pass through.
ALTER TABLE call ADD COLUMN next_note TEXT;
ALTER TABLE call ADD COLUMN next_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN next_note TEXT;
ALTER TABLE hold ADD COLUMN next_note TEXT;
ALTER TABLE journal ADD COLUMN next_note TEXT;
ALTER TABLE budget ADD COLUMN next_note TEXT;
ALTER TABLE budget_window ADD COLUMN next_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_meta ADD COLUMN next_note TEXT;
ALTER TABLE owner ADD COLUMN next_note TEXT;

CREATE TABLE next_thing (
    id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL
);

CREATE INDEX call_next ON call (next_note, id);

UPDATE ledger_meta SET version = version + 1;
