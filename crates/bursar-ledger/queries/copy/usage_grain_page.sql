-- The next daily sums after a key, whole rows.
SELECT * FROM usage_grain
WHERE (grain, start_ms, value, value2, count_tokens, shard) > ($1, $2, $3, $4, $5, $6)
ORDER BY grain, start_ms, value, value2, count_tokens, shard
LIMIT 500
