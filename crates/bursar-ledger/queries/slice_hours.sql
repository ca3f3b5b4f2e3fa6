-- Sums over hours [$2, $3) by dimension $1, and by dimension $9 within it where that is not '', and by
-- steps of $4 ms counted back from the end where that is not 0; of the team $5, the user $6 and the
-- model $7, '' for any. How many rows that took, of $8 at most.
SELECT
    CASE WHEN CAST($4 AS BIGINT) > 0 THEN CAST($3 AS BIGINT) - (($3 - 1 - hour_ms) / $4 + 1) * $4
        ELSE CAST(0 AS BIGINT) END AS at_ms,
    CASE CAST($1 AS TEXT)
        WHEN 'model' THEN model
        WHEN 'team' THEN team
        WHEN 'project' THEN project
        WHEN 'user' THEN user_id
        WHEN 'key' THEN key_id
        WHEN 'region' THEN region
        WHEN 'tier' THEN tier
        WHEN 'tags' THEN tags
        WHEN 'price' THEN price_id
        ELSE operation
    END AS value,
    CASE CAST($9 AS TEXT)
        WHEN 'model' THEN model
        WHEN 'team' THEN team
        WHEN 'project' THEN project
        WHEN 'user' THEN user_id
        WHEN 'key' THEN key_id
        WHEN 'region' THEN region
        WHEN 'tier' THEN tier
        WHEN 'tags' THEN tags
        WHEN 'price' THEN price_id
        WHEN 'operation' THEN operation
        ELSE ''
    END AS value2, COUNT(*) AS rows_read,
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
    SELECT * FROM usage_hour
    WHERE hour_ms >= $2 AND hour_ms < $3 AND operation <> 'CountTokens'
        AND (CAST($5 AS TEXT) = '' OR team = $5) AND (CAST($6 AS TEXT) = '' OR user_id = $6)
        AND (CAST($7 AS TEXT) = '' OR model = $7)
    LIMIT $8
) AS page
GROUP BY 1, 2, 3
