-- Makes windows that are not there yet.
INSERT INTO budget_window (
    id, budget_id, each_value, start_ms, end_ms, held_micro, spent_micro, spent_rest, refused, seq
)
SELECT
    key,
    CAST(value ->> 'budget_id' AS TEXT),
    CAST(value ->> 'each_value' AS TEXT),
    CAST(value ->> 'start_ms' AS BIGINT),
    CAST(value ->> 'end_ms' AS BIGINT),
    0, 0, 0, 0, 0
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
