-- How long calls took in the times and of the values in $2, each an object, of one grain $1: buckets
-- by value and second value. How many rows that took, of $3 at most.
SELECT
    value, value2, COUNT(*) AS rows_read,
    CAST(SUM(latency_00) AS BIGINT) AS latency_00,
    CAST(SUM(latency_01) AS BIGINT) AS latency_01,
    CAST(SUM(latency_02) AS BIGINT) AS latency_02,
    CAST(SUM(latency_03) AS BIGINT) AS latency_03,
    CAST(SUM(latency_04) AS BIGINT) AS latency_04,
    CAST(SUM(latency_05) AS BIGINT) AS latency_05,
    CAST(SUM(latency_06) AS BIGINT) AS latency_06,
    CAST(SUM(latency_07) AS BIGINT) AS latency_07,
    CAST(SUM(latency_08) AS BIGINT) AS latency_08,
    CAST(SUM(latency_09) AS BIGINT) AS latency_09,
    CAST(SUM(latency_10) AS BIGINT) AS latency_10,
    CAST(SUM(latency_11) AS BIGINT) AS latency_11,
    CAST(SUM(latency_12) AS BIGINT) AS latency_12,
    CAST(SUM(latency_13) AS BIGINT) AS latency_13,
    CAST(SUM(latency_14) AS BIGINT) AS latency_14,
    CAST(SUM(latency_15) AS BIGINT) AS latency_15,
    CAST(SUM(latency_16) AS BIGINT) AS latency_16,
    CAST(SUM(latency_17) AS BIGINT) AS latency_17,
    CAST(SUM(latency_18) AS BIGINT) AS latency_18,
    CAST(SUM(latency_19) AS BIGINT) AS latency_19,
    CAST(SUM(first_token_00) AS BIGINT) AS first_token_00,
    CAST(SUM(first_token_01) AS BIGINT) AS first_token_01,
    CAST(SUM(first_token_02) AS BIGINT) AS first_token_02,
    CAST(SUM(first_token_03) AS BIGINT) AS first_token_03,
    CAST(SUM(first_token_04) AS BIGINT) AS first_token_04,
    CAST(SUM(first_token_05) AS BIGINT) AS first_token_05,
    CAST(SUM(first_token_06) AS BIGINT) AS first_token_06,
    CAST(SUM(first_token_07) AS BIGINT) AS first_token_07,
    CAST(SUM(first_token_08) AS BIGINT) AS first_token_08,
    CAST(SUM(first_token_09) AS BIGINT) AS first_token_09,
    CAST(SUM(first_token_10) AS BIGINT) AS first_token_10,
    CAST(SUM(first_token_11) AS BIGINT) AS first_token_11,
    CAST(SUM(first_token_12) AS BIGINT) AS first_token_12,
    CAST(SUM(first_token_13) AS BIGINT) AS first_token_13,
    CAST(SUM(first_token_14) AS BIGINT) AS first_token_14,
    CAST(SUM(first_token_15) AS BIGINT) AS first_token_15,
    CAST(SUM(first_token_16) AS BIGINT) AS first_token_16,
    CAST(SUM(first_token_17) AS BIGINT) AS first_token_17,
    CAST(SUM(first_token_18) AS BIGINT) AS first_token_18,
    CAST(SUM(first_token_19) AS BIGINT) AS first_token_19,
    CAST(SUM(speed_00) AS BIGINT) AS speed_00, CAST(SUM(speed_01) AS BIGINT) AS speed_01,
    CAST(SUM(speed_02) AS BIGINT) AS speed_02, CAST(SUM(speed_03) AS BIGINT) AS speed_03,
    CAST(SUM(speed_04) AS BIGINT) AS speed_04, CAST(SUM(speed_05) AS BIGINT) AS speed_05,
    CAST(SUM(speed_06) AS BIGINT) AS speed_06, CAST(SUM(speed_07) AS BIGINT) AS speed_07,
    CAST(SUM(speed_08) AS BIGINT) AS speed_08, CAST(SUM(speed_09) AS BIGINT) AS speed_09,
    CAST(SUM(speed_10) AS BIGINT) AS speed_10, CAST(SUM(speed_11) AS BIGINT) AS speed_11,
    CAST(SUM(speed_12) AS BIGINT) AS speed_12, CAST(SUM(speed_13) AS BIGINT) AS speed_13,
    CAST(SUM(speed_14) AS BIGINT) AS speed_14, CAST(SUM(speed_15) AS BIGINT) AS speed_15,
    CAST(SUM(speed_16) AS BIGINT) AS speed_16, CAST(SUM(speed_17) AS BIGINT) AS speed_17,
    CAST(SUM(speed_18) AS BIGINT) AS speed_18, CAST(SUM(speed_19) AS BIGINT) AS speed_19
FROM (
    SELECT d.*
    -- CROSS, for SQLite keeps its order: it would else look at every day asked for once a row.
    FROM jsonb_each($2) AS asked CROSS JOIN usage_grain AS d
    WHERE d.grain = $1 AND d.start_ms = CAST(asked.value ->> 'start_ms' AS BIGINT)
        AND (CAST(asked.value ->> 'value' AS TEXT) = '*'
            OR d.value = CAST(asked.value ->> 'value' AS TEXT))
        AND NOT d.count_tokens
    LIMIT $3
) AS page
GROUP BY 1, 2
