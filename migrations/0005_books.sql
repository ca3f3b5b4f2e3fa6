-- Books that an outsider can check. A journal line that holds says which hard limit it was judged
-- by; what has ended is sealed into blocks, each of which names the hash of the one before.

-- Millionths; NULL where no hard limit decided, and in lines of before this migration.
ALTER TABLE journal ADD COLUMN limit_micro BIGINT;

-- What was written and is in no block yet: it comes here in the transaction that writes it, and
-- goes in the one that seals it. `kind` is call (of a call that ended or was undone, with its
-- attempts and journal lines), correction, or change.
CREATE TABLE unsealed (
    kind TEXT NOT NULL CHECK (kind IN ('call', 'correction', 'change')),
    subject TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
);

-- `hash` is SHA-256 over the number, the time, `previous` and the block's items, in hexadecimal.
CREATE TABLE block (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed_ms BIGINT NOT NULL,
    previous TEXT NOT NULL,
    items BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- One item of one block. `hashes` are those of its row, its attempts and its journal lines.
CREATE TABLE sealed (
    block BIGINT NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('call', 'correction', 'change')),
    subject TEXT NOT NULL,
    hashes TEXT NOT NULL,
    PRIMARY KEY (block, place)
);

CREATE UNIQUE INDEX sealed_subject ON sealed (kind, subject);

INSERT INTO unsealed (kind, subject)
SELECT 'call', id FROM call
UNION SELECT 'call', call_id FROM journal WHERE kind = 'void'
UNION SELECT 'correction', call_id FROM correction
UNION SELECT 'change', CAST(seq AS TEXT) FROM change;

UPDATE ledger_meta SET version = 5;
