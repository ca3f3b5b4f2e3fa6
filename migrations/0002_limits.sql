-- Limits of every kind take the place of the first form's budgets, which counted dollars only and
-- which no release could make: their tables are empty, and are made anew. Amounts are in
-- millionths of the limit's unit (`_micro`): of a dollar, a token or a call.

DROP TABLE budget_window;
DROP TABLE budget;

-- How much of what may be used within which time. `scope` is a JSON object of facets and values,
-- keys in order; `{}` is everything. A limit that was ended stays, for its windows name it.
CREATE TABLE budget (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    each_of TEXT NOT NULL CHECK (each_of IN ('', 'user', 'key', 'session')),
    unit TEXT NOT NULL CHECK (unit IN ('usd', 'tokens', 'requests', 'concurrent')),
    span TEXT NOT NULL
        CHECK (span IN ('1m', '5m', 'hour', 'day', 'week', 'month', 'quarter', 'total')),
    time_zone TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('hard', 'soft', 'shadow')),
    on_limit TEXT NOT NULL CHECK (on_limit IN ('refuse', 'freeze')),
    limit_micro BIGINT NOT NULL CHECK (limit_micro >= 0),
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE UNIQUE INDEX budget_live ON budget (scope, each_of, unit, span) WHERE ended_ms IS NULL;

-- One counter of one limit over one window. `spent_rest` is the part of the sum below a
-- micro-dollar, in pico-dollars. The limit itself is only in `budget`, so that a change of it is one
-- row. No CHECK ties spent to it: a true bill is recorded even when it is over. `refused` counts
-- what was refused, or what a shadow would have refused.
CREATE TABLE budget_window (
    id TEXT NOT NULL PRIMARY KEY,
    budget_id TEXT NOT NULL REFERENCES budget (id),
    each_value TEXT NOT NULL,
    start_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL,
    held_micro BIGINT NOT NULL CHECK (held_micro >= 0),
    spent_micro BIGINT NOT NULL CHECK (spent_micro >= 0),
    spent_rest BIGINT NOT NULL CHECK (spent_rest BETWEEN 0 AND 999999),
    refused BIGINT NOT NULL CHECK (refused >= 0),
    seq BIGINT NOT NULL
);

CREATE UNIQUE INDEX budget_window_start ON budget_window (budget_id, start_ms, each_value);

-- Whom calls are refused for until a person thaws them. `scope` as in `budget`.
CREATE TABLE frozen (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    frozen_by TEXT NOT NULL,
    frozen_ms BIGINT NOT NULL,
    thawed_by TEXT,
    thawed_ms BIGINT
);

CREATE UNIQUE INDEX frozen_live ON frozen (scope) WHERE thawed_ms IS NULL;

-- A window has passed a threshold of its limit; told once.
CREATE TABLE threshold (
    window_id TEXT NOT NULL,
    percent BIGINT NOT NULL CHECK (percent BETWEEN 1 AND 100),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (window_id, percent)
);

-- What people and scripts have changed: who, when, what it was before and is now (JSON).
CREATE TABLE change (
    seq BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    was TEXT,
    becomes TEXT
);

-- SQLite only: the latest time that a window was chosen by. A clock that is set back does not
-- open an old window again.
CREATE TABLE ledger_clock (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    latest_ms BIGINT NOT NULL
);

INSERT INTO ledger_clock (id, latest_ms) VALUES (1, 0);

-- The call that a refused one would have been, and the window that had no room for it.
ALTER TABLE refusal ADD COLUMN call_id TEXT;
ALTER TABLE refusal ADD COLUMN window_id TEXT;
CREATE INDEX refusal_call ON refusal (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX journal_call ON journal (call_id);

UPDATE ledger_meta SET version = 2;
