-- Writes budget windows that are not there yet, and brings up to date those that are.
INSERT INTO budget_window (
    id, budget_id, each_value, start_ms, end_ms, held_micro, spent_micro, spent_rest, refused, seq
)
SELECT
    CAST(value ->> 'id' AS TEXT), CAST(value ->> 'budget_id' AS TEXT),
    CAST(value ->> 'each_value' AS TEXT), CAST(value ->> 'start_ms' AS BIGINT),
    CAST(value ->> 'end_ms' AS BIGINT), CAST(value ->> 'held_micro' AS BIGINT),
    CAST(value ->> 'spent_micro' AS BIGINT), CAST(value ->> 'spent_rest' AS BIGINT),
    CAST(value ->> 'refused' AS BIGINT), CAST(value ->> 'seq' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    held_micro = excluded.held_micro, spent_micro = excluded.spent_micro,
    spent_rest = excluded.spent_rest, refused = excluded.refused, seq = excluded.seq
WHERE (
    budget_window.held_micro, budget_window.spent_micro, budget_window.spent_rest,
    budget_window.refused, budget_window.seq
) <> (
    excluded.held_micro, excluded.spent_micro, excluded.spent_rest, excluded.refused, excluded.seq
)
