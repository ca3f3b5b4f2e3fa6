-- Attempts and throttled attempts by hour and model in [$1, $2), of the team $3, the user $4 and the
-- model $5, '' for any; the last hours first. How many rows that took, of $6 at most.
SELECT
    hour_ms, model, COUNT(*) AS rows_read, CAST(SUM(attempts) AS BIGINT) AS attempts,
    CAST(SUM(throttled_attempts) AS BIGINT) AS throttled
FROM (
    SELECT hour_ms, model, attempts, throttled_attempts
    FROM usage_hour
    WHERE hour_ms >= $1 AND hour_ms < $2 AND operation <> 'CountTokens'
        AND (CAST($3 AS TEXT) = '' OR team = $3) AND (CAST($4 AS TEXT) = '' OR user_id = $4)
        AND (CAST($5 AS TEXT) = '' OR model = $5)
    ORDER BY hour_ms DESC
    LIMIT $6
) AS page
GROUP BY hour_ms, model
ORDER BY hour_ms DESC, model
