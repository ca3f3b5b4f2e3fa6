-- The next hourly sums after a key, whole rows.
SELECT * FROM usage_hour
WHERE (
    hour_ms, shard, team, project, user_id, key_id, tags, operation, model, provider, region,
    served_region, routing, tier, outcome, price_id, simulated
) > (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
)
ORDER BY
    hour_ms, shard, team, project, user_id, key_id, tags, operation, model, provider, region,
    served_region, routing, tier, outcome, price_id, simulated
LIMIT 500
