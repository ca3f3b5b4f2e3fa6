-- The next daily sums after a key, whole rows.
SELECT * FROM usage_day
WHERE (grain, day_ms, value, value2, count_tokens, shard) > ($1, $2, $3, $4, $5, $6)
ORDER BY grain, day_ms, value, value2, count_tokens, shard
LIMIT 500
