-- Refusals and throttled attempts by model and team since an hour, the most first.
SELECT
    model, team,
    CAST(SUM(calls) AS BIGINT) AS calls,
    CAST(SUM(refused) AS BIGINT) AS refused,
    CAST(SUM(throttled_attempts) AS BIGINT) AS throttled_attempts
FROM usage_hour
WHERE hour_ms >= $1
GROUP BY model, team
HAVING SUM(refused) + SUM(throttled_attempts) > 0
ORDER BY SUM(refused) + SUM(throttled_attempts) DESC, model, team
LIMIT 100
