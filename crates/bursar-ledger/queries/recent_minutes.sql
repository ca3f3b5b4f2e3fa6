-- Calls and their cost by the minute in which they began, of at most twenty thousand since a time.
SELECT
    minute_ms,
    COUNT(*) AS calls,
    CAST(SUM(cost_pico / 1000000) AS BIGINT) AS cost_micro,
    CAST(SUM(cost_pico % 1000000) AS BIGINT) AS cost_rest
FROM (
    SELECT started_ms - started_ms % 60000 AS minute_ms, COALESCE(cost_pico, 0) AS cost_pico
    FROM call WHERE started_ms >= $1
    ORDER BY started_ms DESC, id DESC
    LIMIT 20000
) AS recent
GROUP BY minute_ms
ORDER BY minute_ms
