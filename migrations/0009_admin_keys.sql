-- Who may administer over HTTP: keys of the admin API, which make no calls. Nothing is deleted: what
-- has ended says since when. `secret_hmac` is a keyed hash, of no use without the master key.
CREATE TABLE admin_key (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'finance', 'lead', 'member')),
    secret_hmac TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    revoked_ms BIGINT
);

CREATE UNIQUE INDEX admin_key_name ON admin_key (name) WHERE revoked_ms IS NULL;

UPDATE ledger_meta SET version = 9;
