-- How much is in blocks after $1, or in none yet.
SELECT CAST(SUM(number) AS BIGINT) AS number FROM (
    SELECT COUNT(*) AS number FROM sealed WHERE block > $1
    UNION ALL
    SELECT COUNT(*) AS number FROM unsealed
) AS counted
