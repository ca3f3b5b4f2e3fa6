-- Sums of one grain $1 over the time [$2, $3), by value and second value, and by steps of $4 ms counted
-- back from its end where that is not 0; of the second value $5, '' for any. How many rows that took,
-- of $6 at most.
SELECT
    CASE WHEN CAST($4 AS BIGINT) > 0 THEN CAST($3 AS BIGINT) - (($3 - 1 - start_ms) / $4 + 1) * $4
        ELSE CAST(0 AS BIGINT) END AS at_ms,
    value, value2, COUNT(*) AS rows_read,
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
    CAST(SUM(cost_micro) AS BIGINT) AS cost_micro, CAST(SUM(cost_rest) AS BIGINT) AS cost_rest,
    CAST(SUM(unpriced) AS BIGINT) AS unpriced, CAST(SUM(estimated) AS BIGINT) AS estimated
FROM (
    SELECT * FROM usage_grain
    WHERE grain = $1 AND start_ms >= $2 AND start_ms < $3 AND NOT count_tokens
        AND (CAST($5 AS TEXT) = '' OR value2 = $5)
    LIMIT $6
) AS page
GROUP BY 1, 2, 3
