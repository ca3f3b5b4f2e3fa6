-- Sets a limit: a new one, or new figures for one that is known.
INSERT INTO budget (
    id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro, created_ms, ended_ms
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)
ON CONFLICT (id) DO UPDATE SET
    time_zone = excluded.time_zone, mode = excluded.mode, on_limit = excluded.on_limit,
    limit_micro = excluded.limit_micro
