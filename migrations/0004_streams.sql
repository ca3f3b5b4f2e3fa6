-- Running streams: their limits, what is known of them while they run, and wishes to cut them.

-- How far the streams of a scope may go (`scope` as in `budget`); NULL is no limit. Of all that
-- match a stream, the strictest of each counts. One that was ended stays, for the audit.
CREATE TABLE stream_limit (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    money_micro BIGINT CHECK (money_micro > 0),
    output_tokens BIGINT CHECK (output_tokens > 0),
    seconds BIGINT CHECK (seconds > 0),
    idle_seconds BIGINT CHECK (idle_seconds > 0),
    on_repetition TEXT NOT NULL CHECK (on_repetition IN ('off', 'alarm', 'cut')),
    on_cut TEXT NOT NULL CHECK (on_cut IN ('drain', 'drop')),
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE UNIQUE INDEX stream_limit_live ON stream_limit (scope) WHERE ended_ms IS NULL;

-- What a running call has come to at least, since when that is known, and why its client's stream
-- was cut while its upstream is still being read.
ALTER TABLE hold ADD COLUMN checkpoint_tokens BIGINT;
ALTER TABLE hold ADD COLUMN checkpoint_ms BIGINT;
ALTER TABLE hold ADD COLUMN cut_code TEXT;

-- Somebody wants an open call to be cut. Its owner looks here, and obeys. A wish means nothing once
-- its call has ended, and is forgotten then.
CREATE TABLE cut_wish (
    call_id TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    wished_by TEXT NOT NULL,
    wished_ms BIGINT NOT NULL
);

UPDATE ledger_meta SET version = 4;
