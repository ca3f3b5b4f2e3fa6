-- Writes journal lines that are not there yet.
INSERT INTO journal (
    window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro
)
SELECT
    CAST(value ->> 'window_id' AS TEXT), CAST(value ->> 'seq' AS BIGINT),
    CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'kind' AS TEXT),
    CAST(value ->> 'd_held' AS BIGINT), CAST(value ->> 'd_spent' AS BIGINT),
    CAST(value ->> 'd_rest' AS BIGINT), CAST(value ->> 'limit_micro' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
