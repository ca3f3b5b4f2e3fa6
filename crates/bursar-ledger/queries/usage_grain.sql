-- Sums over days [$2, $3) of one grain $1, by value, or by day where $4 says so; $5 counts
-- CountTokens too.
SELECT
    CASE WHEN CAST($4 AS BOOLEAN) THEN CAST(start_ms AS TEXT) ELSE value END AS value,
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
FROM usage_grain
WHERE grain = $1 AND start_ms >= $2 AND start_ms < $3
    AND (CAST($5 AS BOOLEAN) OR NOT count_tokens)
GROUP BY 1
