-- What the hourly roll-ups of the day [$1, $2) add up to by each of the four fixed grains
-- (`expected`), and what the daily roll-ups say.
SELECT
    expected, grain || ' ' || value AS subject,
    CAST(SUM(calls) AS BIGINT) AS calls, CAST(SUM(attempts) AS BIGINT) AS attempts,
    CAST(SUM(throttled_attempts) AS BIGINT) AS throttled_attempts,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
    CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
    CAST(SUM(cost_micro) AS BIGINT) AS cost_micro,
    CAST(SUM(cost_rest) AS BIGINT) AS cost_rest, CAST(SUM(unpriced) AS BIGINT) AS unpriced,
    CAST(SUM(estimated) AS BIGINT) AS estimated
FROM (
    SELECT
        true AS expected, g.grain,
        CASE g.grain WHEN 'model' THEN model WHEN 'team' THEN team WHEN 'project' THEN project
            ELSE key_id END AS value,
        calls, attempts, throttled_attempts, input_tokens, output_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest, unpriced,
        estimated
    FROM usage_hour
    CROSS JOIN (
        SELECT 'model' AS grain UNION ALL SELECT 'team' UNION ALL SELECT 'project'
        UNION ALL SELECT 'key'
    ) AS g
    WHERE hour_ms >= $1 AND hour_ms < $2
    UNION ALL
    SELECT
        false AS expected, grain, value,
        calls, attempts, throttled_attempts, input_tokens, output_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest, unpriced,
        estimated
    FROM usage_day
    WHERE day_ms >= $1 AND day_ms < $2 AND grain IN ('model', 'team', 'project', 'key')
) AS side
GROUP BY expected, grain, value
