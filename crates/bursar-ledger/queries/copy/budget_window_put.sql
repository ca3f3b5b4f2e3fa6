-- Writes budget windows that are not there yet, and brings up to date those that are.
INSERT INTO budget_window (
    id, budget_id, start_ms, end_ms, mode, limit_micro, held_micro, spent_micro, spent_rest, seq
)
SELECT
    CAST(value ->> 'id' AS TEXT), CAST(value ->> 'budget_id' AS TEXT),
    CAST(value ->> 'start_ms' AS BIGINT), CAST(value ->> 'end_ms' AS BIGINT),
    CAST(value ->> 'mode' AS TEXT), CAST(value ->> 'limit_micro' AS BIGINT),
    CAST(value ->> 'held_micro' AS BIGINT), CAST(value ->> 'spent_micro' AS BIGINT),
    CAST(value ->> 'spent_rest' AS BIGINT), CAST(value ->> 'seq' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    end_ms = excluded.end_ms, mode = excluded.mode, limit_micro = excluded.limit_micro,
    held_micro = excluded.held_micro, spent_micro = excluded.spent_micro,
    spent_rest = excluded.spent_rest, seq = excluded.seq
WHERE (
    budget_window.end_ms, budget_window.mode, budget_window.limit_micro, budget_window.held_micro,
    budget_window.spent_micro, budget_window.spent_rest, budget_window.seq
) <> (
    excluded.end_ms, excluded.mode, excluded.limit_micro, excluded.held_micro,
    excluded.spent_micro, excluded.spent_rest, excluded.seq
)
