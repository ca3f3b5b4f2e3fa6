-- What the calls of [$1, $2) add up to by hour, model and outcome, as corrected (`expected`), and
-- what the hourly roll-ups say.
SELECT
    expected, CAST(hour_ms AS TEXT) || ' ' || model || ' ' || outcome AS subject,
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
        true AS expected, started_ms - started_ms % 3600000 AS hour_ms, model, outcome,
        1 AS calls, attempts, throttled_attempts, input_tokens, output_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
        COALESCE(cost_pico, 0) / 1000000 AS cost_micro,
        COALESCE(cost_pico, 0) % 1000000 AS cost_rest,
        CASE WHEN cost_pico IS NULL THEN 1 ELSE 0 END AS unpriced,
        CASE WHEN estimated THEN 1 ELSE 0 END AS estimated
    FROM billed_call WHERE started_ms >= $1 AND started_ms < $2
    UNION ALL
    SELECT
        false AS expected, hour_ms, model, outcome,
        calls, attempts, throttled_attempts, input_tokens, output_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest, unpriced,
        estimated
    FROM usage_hour WHERE hour_ms >= $1 AND hour_ms < $2 AND outcome <> 'refused'
) AS side
GROUP BY expected, hour_ms, model, outcome
