-- What the last audit found. Of those before it nothing is kept: each adds up everything anew.
CREATE TABLE last_audit (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    ended_ms BIGINT NOT NULL,
    findings BIGINT NOT NULL CHECK (findings >= 0),
    calls BIGINT NOT NULL CHECK (calls >= 0),
    holds BIGINT NOT NULL CHECK (holds >= 0)
);

UPDATE ledger_meta SET version = 17;
