-- Tokens of each kind and their cost by model and price row, over hours [$1, $2), of the team $3, the
-- user $4 and the model $5, '' for any. How many rows that took, of $6 at most.
SELECT
    model, price_id, COUNT(*) AS rows_read,
    CAST(SUM(input_tokens) AS BIGINT) AS input,
    CAST(SUM(output_tokens) AS BIGINT) AS output,
    CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read,
    CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m,
    CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h,
    CAST(SUM(cost_micro) AS BIGINT) AS cost_micro, CAST(SUM(cost_rest) AS BIGINT) AS cost_rest
FROM (
    SELECT *
    FROM usage_hour
    WHERE hour_ms >= $1 AND hour_ms < $2 AND operation <> 'CountTokens'
        AND (CAST($3 AS TEXT) = '' OR team = $3) AND (CAST($4 AS TEXT) = '' OR user_id = $4)
        AND (CAST($5 AS TEXT) = '' OR model = $5)
    LIMIT $6
) AS page
GROUP BY model, price_id
ORDER BY model, price_id
