-- The limits that count calls now.
SELECT id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro
FROM budget WHERE ended_ms IS NULL
ORDER BY id
