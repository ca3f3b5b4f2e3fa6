-- What was used in each 24 hours of [$1, $2), counted back from $2, for each value of the column
-- $3 (`user`, `key`, or '' for all in one); of the model $4, the provider $5, the team $6, the
-- project $7, the user $8 and the key $9, '' for any.
SELECT
    CASE CAST($3 AS TEXT) WHEN 'user' THEN user_id WHEN 'key' THEN key_id ELSE '' END
        AS each_value,
    CAST(($2 - 1 - hour_ms) / 86400000 AS BIGINT) AS days_ago,
    CAST(MIN(hour_ms) AS BIGINT) AS first_ms,
    CAST(SUM(calls) AS BIGINT) AS calls,
    CAST(SUM(input_tokens) + SUM(output_tokens) + SUM(cache_read_tokens)
        + SUM(cache_write_5m_tokens) + SUM(cache_write_1h_tokens) AS BIGINT) AS tokens,
    CAST(SUM(cost_micro) AS BIGINT) AS cost_micro, CAST(SUM(cost_rest) AS BIGINT) AS cost_rest
FROM usage_hour
WHERE hour_ms >= $1 AND hour_ms < $2 AND outcome <> 'refused'
    AND (CAST($4 AS TEXT) = '' OR model = $4) AND (CAST($5 AS TEXT) = '' OR provider = $5)
    AND (CAST($6 AS TEXT) = '' OR team = $6) AND (CAST($7 AS TEXT) = '' OR project = $7)
    AND (CAST($8 AS TEXT) = '' OR user_id = $8) AND (CAST($9 AS TEXT) = '' OR key_id = $9)
GROUP BY 1, 2
