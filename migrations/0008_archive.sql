-- Months that are kept elsewhere, and whether the webhook takes signed heads.

-- The last head that was offered to the webhook, and the last one that it took. `failure` is why
-- it did not take the last one; NULL where it did.
CREATE TABLE head_delivery (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    tried_block BIGINT NOT NULL,
    tried_ms BIGINT NOT NULL,
    taken_block BIGINT,
    taken_ms BIGINT,
    failure TEXT
);

-- A month whose calls were written to an archive. `state` is dropping while they are taken out of
-- this ledger, dropped once they are gone, and here in the archive itself. `summary` is JSON: what
-- was archived, and the hashes that prove it; a change of kind archive says the same.
CREATE TABLE archive (
    month_ms BIGINT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('dropping', 'dropped', 'here')),
    place TEXT NOT NULL,
    summary TEXT NOT NULL
);

-- What the journal of a window adds up to up to `seq`, where lines of it are archived. `settled` is
-- how many of those lines settle a call.
CREATE TABLE journal_base (
    window_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    held_micro BIGINT NOT NULL,
    spent_micro BIGINT NOT NULL,
    spent_rest BIGINT NOT NULL,
    settled BIGINT NOT NULL
);

-- The month of an item whose rows are archived.
ALTER TABLE sealed ADD COLUMN archived_ms BIGINT;

CREATE INDEX sealed_archived ON sealed (archived_ms, subject, kind) WHERE archived_ms IS NOT NULL;

UPDATE ledger_meta SET version = 8;
