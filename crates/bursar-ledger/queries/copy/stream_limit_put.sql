-- Writes limits of streams that are not there yet, and brings up to date those that are.
INSERT INTO stream_limit (
    id, scope, money_micro, output_tokens, seconds, idle_seconds, on_repetition, on_cut,
    created_ms, ended_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'money_micro' AS BIGINT),
    CAST(value ->> 'output_tokens' AS BIGINT),
    CAST(value ->> 'seconds' AS BIGINT),
    CAST(value ->> 'idle_seconds' AS BIGINT),
    CAST(value ->> 'on_repetition' AS TEXT),
    CAST(value ->> 'on_cut' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    money_micro = excluded.money_micro, output_tokens = excluded.output_tokens,
    seconds = excluded.seconds, idle_seconds = excluded.idle_seconds,
    on_repetition = excluded.on_repetition, on_cut = excluded.on_cut,
    ended_ms = excluded.ended_ms
WHERE COALESCE(stream_limit.money_micro, -1) <> COALESCE(excluded.money_micro, -1)
    OR COALESCE(stream_limit.output_tokens, -1) <> COALESCE(excluded.output_tokens, -1)
    OR COALESCE(stream_limit.seconds, -1) <> COALESCE(excluded.seconds, -1)
    OR COALESCE(stream_limit.idle_seconds, -1) <> COALESCE(excluded.idle_seconds, -1)
    OR stream_limit.on_repetition <> excluded.on_repetition
    OR stream_limit.on_cut <> excluded.on_cut
    OR COALESCE(stream_limit.ended_ms, -1) <> COALESCE(excluded.ended_ms, -1)
