-- What the widest hours of the day [$1, $2) add up to (`expected`), and what the narrow sums say: those
-- of four grains by value, those of the other fixed ones as a whole.
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
        true AS expected, g.grain, '' AS value,
        calls, attempts, throttled_attempts, input_tokens, output_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest, unpriced,
        estimated
    FROM (
        SELECT
            SUM(calls) AS calls, SUM(attempts) AS attempts,
            SUM(throttled_attempts) AS throttled_attempts, SUM(input_tokens) AS input_tokens,
            SUM(output_tokens) AS output_tokens, SUM(cache_read_tokens) AS cache_read_tokens,
            SUM(cache_write_5m_tokens) AS cache_write_5m_tokens,
            SUM(cache_write_1h_tokens) AS cache_write_1h_tokens, SUM(cost_micro) AS cost_micro,
            SUM(cost_rest) AS cost_rest, SUM(unpriced) AS unpriced, SUM(estimated) AS estimated
        FROM usage_hour
        WHERE hour_ms >= $1 AND hour_ms < $2
    ) AS whole
    CROSS JOIN (
        SELECT 'user' AS grain UNION ALL SELECT 'region' UNION ALL SELECT 'tier'
        UNION ALL SELECT 'operation' UNION ALL SELECT 'team_model' UNION ALL SELECT 'price'
        UNION ALL SELECT 'hour_price' UNION ALL SELECT 'hour_model'
        UNION ALL SELECT 'hour_team' UNION ALL SELECT 'hour_team_model'
    ) AS g
    WHERE whole.calls IS NOT NULL
    UNION ALL
    SELECT
        false AS expected, grain,
        CASE WHEN grain IN ('model', 'team', 'project', 'key') THEN value ELSE '' END AS value,
        calls, attempts, throttled_attempts, input_tokens, output_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest, unpriced,
        estimated
    FROM usage_grain
    WHERE start_ms >= $1 AND start_ms < $2 AND grain IN (
        'model', 'team', 'project', 'key',
        'user', 'region', 'tier', 'operation', 'team_model', 'price', 'hour_price',
        'hour_model', 'hour_team', 'hour_team_model'
    )
) AS side
GROUP BY expected, grain, value
