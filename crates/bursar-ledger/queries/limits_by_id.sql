-- Those of these limits that count calls now.
SELECT id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro
FROM budget WHERE id IN (SELECT key FROM jsonb_each($1)) AND ended_ms IS NULL
