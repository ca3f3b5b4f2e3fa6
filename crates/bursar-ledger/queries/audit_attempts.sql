-- Calls after $1 that have attempts, five thousand at most: how many, and how many the call says.
SELECT a.call_id, a.attempts, a.throttled, COALESCE(x.attempts, c.attempts) AS call_attempts,
    COALESCE(x.throttled_attempts, c.throttled_attempts) AS call_throttled
FROM (
    SELECT call_id, COUNT(*) AS attempts,
        CAST(SUM(CASE WHEN outcome = 'throttled' THEN 1 ELSE 0 END) AS BIGINT) AS throttled
    FROM attempt WHERE call_id > $1
    GROUP BY call_id ORDER BY call_id LIMIT 5000
) AS a
LEFT JOIN call AS c ON c.id = a.call_id
LEFT JOIN correction AS x ON x.call_id = a.call_id
ORDER BY a.call_id
