-- Calls that are made once, however often they are asked for. Neither the key nor the request is
-- kept: `key_hash` is a hash of the caller's key, `fingerprint` one of key and request. A row
-- counts for a day.
CREATE TABLE call_once (
    asker TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    call_id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (asker, key_hash)
);

CREATE INDEX call_once_at ON call_once (at_ms);

UPDATE ledger_meta SET version = 6;
