-- Who may sign in where people look: accounts, their sessions, and links by which a password is set
-- once. An account is never deleted, for the list of changes names it. What proves something is kept
-- as a hash: `password_hash` by argon2id, the others keyed, of no use without the master key.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'finance', 'lead', 'member')),
    team_id TEXT REFERENCES team (id),
    password_hash TEXT,
    created_ms BIGINT NOT NULL,
    disabled_ms BIGINT
);

CREATE UNIQUE INDEX account_name ON account (name);

CREATE TABLE session (
    token_hmac TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    begun_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL
);

CREATE INDEX session_account ON session (account_id);

CREATE TABLE password_link (
    token_hmac TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    expires_ms BIGINT NOT NULL
);

CREATE INDEX password_link_account ON password_link (account_id);

UPDATE ledger_meta SET version = 10;
