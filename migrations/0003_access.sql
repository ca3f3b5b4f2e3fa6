-- Who may call, and what: teams with their projects and users, virtual keys, and policies. Nothing
-- here is deleted: what has ended says since when. Calls record names, and of keys the id.

CREATE TABLE team (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE UNIQUE INDEX team_name ON team (name) WHERE ended_ms IS NULL;

-- Who answers for a team, and where its costs are booked, since when.
CREATE TABLE team_fact (
    team_id TEXT NOT NULL REFERENCES team (id),
    since_ms BIGINT NOT NULL,
    owner TEXT,
    cost_centre TEXT,
    PRIMARY KEY (team_id, since_ms)
);

CREATE TABLE project (
    id TEXT NOT NULL PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES team (id),
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE UNIQUE INDEX project_name ON project (name) WHERE ended_ms IS NULL;

CREATE TABLE member (
    id TEXT NOT NULL PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES team (id),
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE UNIQUE INDEX member_name ON member (team_id, name) WHERE ended_ms IS NULL;

-- A key's identity, which outlasts its secrets.
CREATE TABLE virtual_key (
    id TEXT NOT NULL PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES team (id),
    name TEXT NOT NULL,
    project TEXT,
    user_name TEXT,
    generation BIGINT NOT NULL CHECK (generation >= 1),
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    revoked_ms BIGINT
);

CREATE UNIQUE INDEX virtual_key_name ON virtual_key (team_id, name) WHERE revoked_ms IS NULL;

-- What proves that a caller has a key: a keyed hash, of no use without the master key. An older
-- generation has an end.
CREATE TABLE key_secret (
    key_id TEXT NOT NULL REFERENCES virtual_key (id),
    generation BIGINT NOT NULL,
    secret_hmac TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    PRIMARY KEY (key_id, generation)
);

-- What calls of a scope may ask for. `scope` as in `budget`; `allows` is JSON.
CREATE TABLE policy (
    scope TEXT NOT NULL PRIMARY KEY,
    allows TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

-- Which master key the hashes are made with: its fingerprint, never the key.
CREATE TABLE master_key (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);

UPDATE ledger_meta SET version = 3;
