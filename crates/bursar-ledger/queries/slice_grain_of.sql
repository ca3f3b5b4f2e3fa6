-- The same of the starts and values in $2 alone, each pair an object, before $3; $4 for the step, $5 the
-- second value, $6 rows at most.
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
    SELECT d.*
    -- CROSS, for SQLite keeps its order: it would else look at every day asked for once a row.
    FROM jsonb_each($2) AS asked CROSS JOIN usage_grain AS d
    WHERE d.grain = $1 AND d.start_ms = CAST(asked.value ->> 'start_ms' AS BIGINT)
        AND d.value = CAST(asked.value ->> 'value' AS TEXT)
        AND NOT d.count_tokens AND (CAST($5 AS TEXT) = '' OR d.value2 = $5)
    LIMIT $6
) AS page
GROUP BY 1, 2, 3
