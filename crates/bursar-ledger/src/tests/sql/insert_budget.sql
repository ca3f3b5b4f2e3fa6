-- Makes a limit $1.
INSERT INTO budget (
    id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro, created_ms, ended_ms
)
VALUES ($1, $1, '', 'usd', 'total', 'UTC', 'hard', 'refuse', 1, 0, NULL)
