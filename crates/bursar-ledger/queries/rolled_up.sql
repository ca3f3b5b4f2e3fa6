-- What the hourly roll-ups say of the calls that started in [$1, $2).
SELECT
    CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS calls,
    CAST(COALESCE(SUM(cost_micro), 0) AS BIGINT) AS cost_micro,
    CAST(COALESCE(SUM(cost_rest), 0) AS BIGINT) AS cost_rest
FROM usage_hour WHERE hour_ms >= $1 AND hour_ms < $2 AND outcome <> 'refused'
