-- What there is of the calls that started in [$1, $2), and what they cost, as corrected.
SELECT
    COUNT(*) AS calls,
    CAST(COALESCE(SUM(COALESCE(cost_pico, 0) / 1000000), 0) AS BIGINT) AS cost_micro,
    CAST(COALESCE(SUM(COALESCE(cost_pico, 0) % 1000000), 0) AS BIGINT) AS cost_rest
FROM billed_call WHERE started_ms >= $1 AND started_ms < $2
