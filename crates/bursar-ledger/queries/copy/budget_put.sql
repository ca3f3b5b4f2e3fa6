-- Writes budgets that are not there yet, and brings up to date those that are.
INSERT INTO budget (
    id, name, scope, scope_value, period, time_zone, mode, limit_micro, created_ms, ended_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT), CAST(value ->> 'name' AS TEXT), CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'scope_value' AS TEXT), CAST(value ->> 'period' AS TEXT),
    CAST(value ->> 'time_zone' AS TEXT), CAST(value ->> 'mode' AS TEXT),
    CAST(value ->> 'limit_micro' AS BIGINT), CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, mode = excluded.mode, limit_micro = excluded.limit_micro,
    ended_ms = excluded.ended_ms
WHERE (
    budget.name, budget.mode, budget.limit_micro, COALESCE(budget.ended_ms, -1)
) <> (
    excluded.name, excluded.mode, excluded.limit_micro, COALESCE(excluded.ended_ms, -1)
)
