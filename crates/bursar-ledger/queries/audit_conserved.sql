-- The journal of calls after $1 that have ended, two thousand calls at most, by call and window: all
-- that was held must be let go, once.
SELECT
    j.call_id, j.window_id,
    CAST(SUM(j.d_held) AS BIGINT) AS journal_held,
    CAST(SUM(CASE WHEN j.kind = 'hold' THEN 1 ELSE 0 END) AS BIGINT) AS holds,
    CAST(SUM(CASE WHEN j.kind IN ('settle', 'void') THEN 1 ELSE 0 END) AS BIGINT) AS ends
FROM (
    SELECT DISTINCT call_id FROM journal WHERE call_id > $1 ORDER BY call_id LIMIT 2000
) AS page
JOIN journal AS j ON j.call_id = page.call_id
GROUP BY j.call_id, j.window_id
ORDER BY j.call_id, j.window_id
