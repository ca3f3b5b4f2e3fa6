-- Sums by dimension $1 over hours [$2, $3), from the wide roll-up; $4 counts CountTokens too.
SELECT
    CASE CAST($1 AS TEXT)
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'team' THEN team
        WHEN 'project' THEN project
        WHEN 'user' THEN user_id
        WHEN 'key' THEN key_id
        WHEN 'operation' THEN operation
        WHEN 'outcome' THEN outcome
        WHEN 'region' THEN region
        WHEN 'routing' THEN routing
        WHEN 'tier' THEN tier
        WHEN 'tags' THEN tags
        ELSE CAST(hour_ms AS TEXT)
    END AS value,
    CAST(SUM(calls) AS BIGINT) AS calls, CAST(SUM(succeeded) AS BIGINT) AS succeeded,
    CAST(SUM(rejected) AS BIGINT) AS rejected, CAST(SUM(throttled) AS BIGINT) AS throttled,
    CAST(SUM(failed) AS BIGINT) AS failed, CAST(SUM(cut) AS BIGINT) AS cut,
    CAST(SUM(abandoned) AS BIGINT) AS abandoned, CAST(SUM(refused) AS BIGINT) AS refused,
    CAST(SUM(attempts) AS BIGINT) AS attempts,
    CAST(SUM(throttled_attempts) AS BIGINT) AS throttled_attempts,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
    CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
    CAST(SUM(cost_micro) AS BIGINT) AS cost_micro,
    CAST(SUM(cost_rest) AS BIGINT) AS cost_rest, CAST(SUM(unpriced) AS BIGINT) AS unpriced,
    CAST(SUM(estimated) AS BIGINT) AS estimated
FROM usage_hour
WHERE hour_ms >= $2 AND hour_ms < $3 AND (CAST($4 AS BOOLEAN) OR operation <> 'CountTokens')
GROUP BY 1
