-- The ledger's first form: budgets and their windows, holds, calls, and the roll-ups that pages
-- read. One text for SQLite and PostgreSQL: ids are TEXT made by us, times are `_ms` since 1970,
-- money is `_pico` (exact costs) or `_micro` (limits and holds) dollars, and closed sets that are
-- ours are checked. Sets that Amazon adds to (operations, tiers) are not: SQLite cannot alter a
-- CHECK. Prompts and answers have no column.

-- What this database is. `version` is the number of the last migration.
CREATE TABLE ledger_meta (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);

INSERT INTO ledger_meta (id, kind, version, created_ms) VALUES (1, 'bursar', 1, 0);

-- Bumped by every change of a budget, a key, a freeze or a report tag: who decides on a stale
-- copy of those is told so.
CREATE TABLE ledger_revision (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);

INSERT INTO ledger_revision (id, revision) VALUES (1, 1);

-- Tags that the roll-ups keep apart, and since which hour they do so completely.
CREATE TABLE report_tag (
    tag_key TEXT NOT NULL PRIMARY KEY,
    since_ms BIGINT NOT NULL
);

-- PostgreSQL only: a process that writes, alive while its lease lasts, and the shard of the
-- roll-ups that it adds to. (SQLite knows a living process by a locked file.)
CREATE TABLE owner (
    id TEXT NOT NULL PRIMARY KEY,
    shard BIGINT NOT NULL,
    lease_ms BIGINT NOT NULL,
    started_ms BIGINT NOT NULL
);

CREATE TABLE budget (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_value TEXT,
    period TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('hard', 'soft')),
    limit_micro BIGINT NOT NULL CHECK (limit_micro >= 0),
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

-- One period of one budget. `spent_rest` is the part of the sum below a micro-dollar, in
-- pico-dollars. No CHECK ties spent to the limit: a true bill is recorded even when it is over.
CREATE TABLE budget_window (
    id TEXT NOT NULL PRIMARY KEY,
    budget_id TEXT NOT NULL REFERENCES budget (id),
    start_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('hard', 'soft')),
    limit_micro BIGINT NOT NULL,
    held_micro BIGINT NOT NULL CHECK (held_micro >= 0),
    spent_micro BIGINT NOT NULL CHECK (spent_micro >= 0),
    spent_rest BIGINT NOT NULL CHECK (spent_rest BETWEEN 0 AND 999999),
    seq BIGINT NOT NULL
);

CREATE UNIQUE INDEX budget_window_start ON budget_window (budget_id, start_ms);

-- An open call: its intent, made durable before Bedrock is called. Deleting the row is the right
-- to settle the call. `facts` is what the sweep needs to write the call in its owner's place.
CREATE TABLE hold (
    call_id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    held_micro BIGINT CHECK (held_micro >= 0),
    checkpoint_pico BIGINT CHECK (checkpoint_pico >= 0),
    facts TEXT NOT NULL
);

CREATE TABLE hold_line (
    call_id TEXT NOT NULL,
    window_id TEXT NOT NULL,
    amount_micro BIGINT NOT NULL CHECK (amount_micro >= 0),
    PRIMARY KEY (call_id, window_id)
);

CREATE INDEX hold_line_window ON hold_line (window_id);

-- Every change of a window's balance, in the order in which it was committed.
CREATE TABLE journal (
    window_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    call_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hold', 'settle', 'void', 'correction')),
    d_held BIGINT NOT NULL,
    d_spent BIGINT NOT NULL,
    d_rest BIGINT NOT NULL,
    PRIMARY KEY (window_id, seq)
);

-- A call that has ended. Never updated: what comes later is a correction.
CREATE TABLE call (
    id TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    first_token_ms BIGINT,
    ended_ms BIGINT NOT NULL,
    team TEXT,
    project TEXT,
    user_id TEXT,
    key_id TEXT,
    tags TEXT NOT NULL,
    client_session TEXT,
    operation TEXT NOT NULL,
    model_requested TEXT NOT NULL,
    model TEXT NOT NULL,
    model_version TEXT NOT NULL,
    version_evidence TEXT NOT NULL
        CHECK (version_evidence IN ('requested', 'resolved', 'reported')),
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    served_region TEXT,
    routing TEXT NOT NULL
        CHECK (routing IN ('regional', 'global')),
    tier_requested TEXT NOT NULL,
    tier TEXT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('succeeded', 'rejected', 'throttled', 'failed', 'cut', 'abandoned')),
    client_gone BOOLEAN NOT NULL,
    http_status BIGINT,
    error_code TEXT,
    error_message TEXT,
    attempts BIGINT NOT NULL,
    throttled_attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_5m_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    meters TEXT NOT NULL,
    price_id TEXT,
    rates TEXT,
    cost_pico BIGINT,
    estimated BOOLEAN NOT NULL,
    cost_low_pico BIGINT,
    overrun BOOLEAN NOT NULL,
    held_micro BIGINT,
    request_id TEXT,
    stop_reason TEXT,
    guardrail_id TEXT,
    guardrail_action TEXT,
    request_hmac TEXT,
    simulated BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX call_started ON call (started_ms, id);
CREATE INDEX call_request ON call (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX call_session ON call (client_session, started_ms) WHERE client_session IS NOT NULL;

CREATE TABLE attempt (
    call_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('succeeded', 'rejected', 'throttled', 'failed', 'unsent')),
    http_status BIGINT,
    error_code TEXT,
    request_id TEXT,
    PRIMARY KEY (call_id, number)
);

-- Every tag of every call, for tags that are not among the report tags.
CREATE TABLE call_tag (
    tag_key TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    call_id TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    PRIMARY KEY (tag_key, started_ms, call_id)
);

-- The true bill of a call that the sweep had settled before.
CREATE TABLE correction (
    call_id TEXT NOT NULL,
    posted_ms BIGINT NOT NULL,
    ended_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('succeeded', 'rejected', 'throttled', 'failed', 'cut', 'abandoned')),
    attempts BIGINT NOT NULL,
    throttled_attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_5m_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    meters TEXT NOT NULL,
    price_id TEXT,
    rates TEXT,
    cost_pico BIGINT,
    estimated BOOLEAN NOT NULL,
    cost_low_pico BIGINT,
    overrun BOOLEAN NOT NULL,
    request_id TEXT,
    PRIMARY KEY (call_id)
);

-- Refused before anything was sent. At most sixty rows per key and minute; all are counted in
-- the roll-ups. No key is the empty text.
CREATE TABLE refusal (
    key_id TEXT NOT NULL,
    minute_ms BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    team TEXT,
    project TEXT,
    user_id TEXT,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (key_id, minute_ms, slot),
    CHECK (slot BETWEEN 0 AND 59)
);

-- Sums by hour and every dimension. Text that is not known is empty, for a key may hold no NULL.
-- `tags` is the JSON object of the report tags. Each process adds to its own shard.
CREATE TABLE usage_hour (
    hour_ms BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    user_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    tags TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    served_region TEXT NOT NULL,
    routing TEXT NOT NULL,
    tier TEXT NOT NULL,
    outcome TEXT NOT NULL,
    price_id TEXT NOT NULL,
    simulated BOOLEAN NOT NULL,
    calls BIGINT NOT NULL, succeeded BIGINT NOT NULL, rejected BIGINT NOT NULL,
    throttled BIGINT NOT NULL, failed BIGINT NOT NULL, cut BIGINT NOT NULL,
    abandoned BIGINT NOT NULL, refused BIGINT NOT NULL, attempts BIGINT NOT NULL,
    throttled_attempts BIGINT NOT NULL, input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL, cache_read_tokens BIGINT NOT NULL,
    cache_write_5m_tokens BIGINT NOT NULL, cache_write_1h_tokens BIGINT NOT NULL,
    cost_micro BIGINT NOT NULL, cost_rest BIGINT NOT NULL, unpriced BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    PRIMARY KEY (hour_ms, shard, team, project, user_id, key_id, tags, operation, model,
        provider, region, served_region, routing, tier, outcome, price_id, simulated)
);

-- Sums by day and one dimension at a time (`grain`: model, team, project, key, team_model or
-- tag:KEY), with histograms of latency and time to first token (ms) and speed (tokens a second)
-- of the calls that succeeded. Twenty buckets each; their bounds are in the program.
CREATE TABLE usage_day (
    grain TEXT NOT NULL,
    day_ms BIGINT NOT NULL,
    value TEXT NOT NULL,
    value2 TEXT NOT NULL,
    count_tokens BOOLEAN NOT NULL,
    shard BIGINT NOT NULL,
    calls BIGINT NOT NULL, succeeded BIGINT NOT NULL, rejected BIGINT NOT NULL,
    throttled BIGINT NOT NULL, failed BIGINT NOT NULL, cut BIGINT NOT NULL,
    abandoned BIGINT NOT NULL, refused BIGINT NOT NULL, attempts BIGINT NOT NULL,
    throttled_attempts BIGINT NOT NULL, input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL, cache_read_tokens BIGINT NOT NULL,
    cache_write_5m_tokens BIGINT NOT NULL, cache_write_1h_tokens BIGINT NOT NULL,
    cost_micro BIGINT NOT NULL, cost_rest BIGINT NOT NULL, unpriced BIGINT NOT NULL,
    estimated BIGINT NOT NULL, latency_00 BIGINT NOT NULL, latency_01 BIGINT NOT NULL,
    latency_02 BIGINT NOT NULL, latency_03 BIGINT NOT NULL, latency_04 BIGINT NOT NULL,
    latency_05 BIGINT NOT NULL, latency_06 BIGINT NOT NULL, latency_07 BIGINT NOT NULL,
    latency_08 BIGINT NOT NULL, latency_09 BIGINT NOT NULL, latency_10 BIGINT NOT NULL,
    latency_11 BIGINT NOT NULL, latency_12 BIGINT NOT NULL, latency_13 BIGINT NOT NULL,
    latency_14 BIGINT NOT NULL, latency_15 BIGINT NOT NULL, latency_16 BIGINT NOT NULL,
    latency_17 BIGINT NOT NULL, latency_18 BIGINT NOT NULL, latency_19 BIGINT NOT NULL,
    first_token_00 BIGINT NOT NULL, first_token_01 BIGINT NOT NULL,
    first_token_02 BIGINT NOT NULL, first_token_03 BIGINT NOT NULL,
    first_token_04 BIGINT NOT NULL, first_token_05 BIGINT NOT NULL,
    first_token_06 BIGINT NOT NULL, first_token_07 BIGINT NOT NULL,
    first_token_08 BIGINT NOT NULL, first_token_09 BIGINT NOT NULL,
    first_token_10 BIGINT NOT NULL, first_token_11 BIGINT NOT NULL,
    first_token_12 BIGINT NOT NULL, first_token_13 BIGINT NOT NULL,
    first_token_14 BIGINT NOT NULL, first_token_15 BIGINT NOT NULL,
    first_token_16 BIGINT NOT NULL, first_token_17 BIGINT NOT NULL,
    first_token_18 BIGINT NOT NULL, first_token_19 BIGINT NOT NULL, speed_00 BIGINT NOT NULL,
    speed_01 BIGINT NOT NULL, speed_02 BIGINT NOT NULL, speed_03 BIGINT NOT NULL,
    speed_04 BIGINT NOT NULL, speed_05 BIGINT NOT NULL, speed_06 BIGINT NOT NULL,
    speed_07 BIGINT NOT NULL, speed_08 BIGINT NOT NULL, speed_09 BIGINT NOT NULL,
    speed_10 BIGINT NOT NULL, speed_11 BIGINT NOT NULL, speed_12 BIGINT NOT NULL,
    speed_13 BIGINT NOT NULL, speed_14 BIGINT NOT NULL, speed_15 BIGINT NOT NULL,
    speed_16 BIGINT NOT NULL, speed_17 BIGINT NOT NULL, speed_18 BIGINT NOT NULL,
    speed_19 BIGINT NOT NULL,
    PRIMARY KEY (grain, day_ms, value, value2, count_tokens, shard)
);

-- Calls with the bill that stands: the correction's where there is one.
CREATE VIEW billed_call AS
SELECT
    c.id, c.started_ms, c.first_token_ms, c.ended_ms, c.team, c.project, c.user_id, c.key_id,
    c.tags, c.client_session, c.operation, c.model_requested, c.model, c.model_version,
    c.version_evidence, c.provider, c.region, c.served_region, c.routing, c.tier_requested,
    c.tier, c.outcome, c.client_gone, c.http_status, c.error_code, c.error_message,
    CASE WHEN x.call_id IS NULL THEN c.attempts ELSE x.attempts END AS attempts,
    CASE WHEN x.call_id IS NULL THEN c.throttled_attempts
        ELSE x.throttled_attempts END AS throttled_attempts,
    CASE WHEN x.call_id IS NULL THEN c.input_tokens ELSE x.input_tokens END AS input_tokens,
    CASE WHEN x.call_id IS NULL THEN c.output_tokens ELSE x.output_tokens END AS output_tokens,
    CASE WHEN x.call_id IS NULL THEN c.cache_read_tokens
        ELSE x.cache_read_tokens END AS cache_read_tokens,
    CASE WHEN x.call_id IS NULL THEN c.cache_write_5m_tokens
        ELSE x.cache_write_5m_tokens END AS cache_write_5m_tokens,
    CASE WHEN x.call_id IS NULL THEN c.cache_write_1h_tokens
        ELSE x.cache_write_1h_tokens END AS cache_write_1h_tokens,
    CASE WHEN x.call_id IS NULL THEN c.meters ELSE x.meters END AS meters,
    CASE WHEN x.call_id IS NULL THEN c.price_id ELSE x.price_id END AS price_id,
    CASE WHEN x.call_id IS NULL THEN c.rates ELSE x.rates END AS rates,
    CASE WHEN x.call_id IS NULL THEN c.cost_pico ELSE x.cost_pico END AS cost_pico,
    CASE WHEN x.call_id IS NULL THEN c.estimated ELSE x.estimated END AS estimated,
    CASE WHEN x.call_id IS NULL THEN c.cost_low_pico ELSE x.cost_low_pico END AS cost_low_pico,
    CASE WHEN x.call_id IS NULL THEN c.overrun ELSE x.overrun END AS overrun, c.held_micro,
    CASE WHEN x.call_id IS NULL THEN c.request_id ELSE x.request_id END AS request_id,
    c.stop_reason, c.guardrail_id, c.guardrail_action, c.request_hmac, c.simulated,
    x.call_id IS NOT NULL AS corrected
FROM call AS c
LEFT JOIN correction AS x ON x.call_id = c.id;
