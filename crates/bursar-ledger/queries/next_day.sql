-- The first time at or after $1 that any call or roll-up has.
SELECT MIN(at_ms) AS at_ms FROM (
    SELECT MIN(started_ms) AS at_ms FROM call WHERE started_ms >= $1
    UNION ALL
    SELECT MIN(hour_ms) AS at_ms FROM usage_hour WHERE hour_ms >= $1
    UNION ALL
    SELECT MIN(start_ms) AS at_ms FROM usage_grain WHERE grain = 'model' AND start_ms >= $1
) AS first
