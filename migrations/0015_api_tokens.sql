-- By what programs ask the admin API in somebody's name: with that person's role and team, as they are
-- then. What proves one is kept as a keyed hash, of no use without the master key.
CREATE TABLE api_token (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    may_change BIGINT NOT NULL CHECK (may_change IN (0, 1)),
    secret_hmac TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT,
    revoked_ms BIGINT
);

CREATE INDEX api_token_account ON api_token (account_id);

UPDATE ledger_meta SET version = 15;
