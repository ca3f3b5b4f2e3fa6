-- Sets the limits of a scope's streams: new ones, or new figures for those that are known.
INSERT INTO stream_limit (
    id, scope, money_micro, output_tokens, seconds, idle_seconds, on_repetition, on_cut,
    created_ms, ended_ms
)
SELECT
    key,
    CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'money_micro' AS BIGINT),
    CAST(value ->> 'output_tokens' AS BIGINT),
    CAST(value ->> 'seconds' AS BIGINT),
    CAST(value ->> 'idle_seconds' AS BIGINT),
    CAST(value ->> 'on_repetition' AS TEXT),
    CAST(value ->> 'on_cut' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    NULL
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    money_micro = excluded.money_micro, output_tokens = excluded.output_tokens,
    seconds = excluded.seconds, idle_seconds = excluded.idle_seconds,
    on_repetition = excluded.on_repetition, on_cut = excluded.on_cut
