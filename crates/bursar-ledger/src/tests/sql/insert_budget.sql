-- Makes budget $1 of mode $2 and limit $3.
INSERT INTO budget (
    id, name, scope, scope_value, period, time_zone, mode, limit_micro, created_ms, ended_ms
)
VALUES ($1, $1, 'team', NULL, 'month', 'UTC', $2, $3, 0, NULL)
