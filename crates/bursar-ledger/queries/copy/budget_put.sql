-- Writes limits that are not there yet, and brings up to date those that are.
INSERT INTO budget (
    id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro, created_ms, ended_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT), CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'each_of' AS TEXT), CAST(value ->> 'unit' AS TEXT),
    CAST(value ->> 'span' AS TEXT), CAST(value ->> 'time_zone' AS TEXT),
    CAST(value ->> 'mode' AS TEXT), CAST(value ->> 'on_limit' AS TEXT),
    CAST(value ->> 'limit_micro' AS BIGINT), CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    time_zone = excluded.time_zone, mode = excluded.mode, on_limit = excluded.on_limit,
    limit_micro = excluded.limit_micro, ended_ms = excluded.ended_ms
WHERE (
    budget.time_zone, budget.mode, budget.on_limit, budget.limit_micro,
    COALESCE(budget.ended_ms, -1)
) <> (
    excluded.time_zone, excluded.mode, excluded.on_limit, excluded.limit_micro,
    COALESCE(excluded.ended_ms, -1)
)
