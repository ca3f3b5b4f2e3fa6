-- Adds to the hourly roll-ups.
INSERT INTO usage_hour (
    hour_ms, shard, team, project, user_id, key_id, tags, operation, model, provider, region,
    served_region, routing, tier, outcome, price_id, simulated, calls, succeeded, rejected,
    throttled, failed, cut, abandoned, refused, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    cost_micro, cost_rest, unpriced, estimated
)
SELECT
    CAST(value ->> 'hour_ms' AS BIGINT), CAST(value ->> 'shard' AS BIGINT),
    CAST(value ->> 'team' AS TEXT), CAST(value ->> 'project' AS TEXT),
    CAST(value ->> 'user_id' AS TEXT), CAST(value ->> 'key_id' AS TEXT),
    CAST(value ->> 'tags' AS TEXT), CAST(value ->> 'operation' AS TEXT),
    CAST(value ->> 'model' AS TEXT), CAST(value ->> 'provider' AS TEXT),
    CAST(value ->> 'region' AS TEXT), CAST(value ->> 'served_region' AS TEXT),
    CAST(value ->> 'routing' AS TEXT), CAST(value ->> 'tier' AS TEXT),
    CAST(value ->> 'outcome' AS TEXT), CAST(value ->> 'price_id' AS TEXT),
    CAST(value ->> 'simulated' AS BOOLEAN),
    CAST(value ->> 'calls' AS BIGINT), CAST(value ->> 'succeeded' AS BIGINT),
    CAST(value ->> 'rejected' AS BIGINT), CAST(value ->> 'throttled' AS BIGINT),
    CAST(value ->> 'failed' AS BIGINT), CAST(value ->> 'cut' AS BIGINT),
    CAST(value ->> 'abandoned' AS BIGINT), CAST(value ->> 'refused' AS BIGINT),
    CAST(value ->> 'attempts' AS BIGINT), CAST(value ->> 'throttled_attempts' AS BIGINT),
    CAST(value ->> 'input_tokens' AS BIGINT), CAST(value ->> 'output_tokens' AS BIGINT),
    CAST(value ->> 'cache_read_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_5m_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_1h_tokens' AS BIGINT), CAST(value ->> 'cost_micro' AS BIGINT),
    CAST(value ->> 'cost_rest' AS BIGINT), CAST(value ->> 'unpriced' AS BIGINT),
    CAST(value ->> 'estimated' AS BIGINT)
FROM jsonb_each(?)
WHERE true
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
ON CONFLICT (
    hour_ms, shard, team, project, user_id, key_id, tags, operation, model, provider, region,
    served_region, routing, tier, outcome, price_id, simulated
) DO UPDATE SET
    calls = usage_hour.calls + excluded.calls,
    succeeded = usage_hour.succeeded + excluded.succeeded,
    rejected = usage_hour.rejected + excluded.rejected,
    throttled = usage_hour.throttled + excluded.throttled,
    failed = usage_hour.failed + excluded.failed, cut = usage_hour.cut + excluded.cut,
    abandoned = usage_hour.abandoned + excluded.abandoned,
    refused = usage_hour.refused + excluded.refused,
    attempts = usage_hour.attempts + excluded.attempts,
    throttled_attempts = usage_hour.throttled_attempts + excluded.throttled_attempts,
    input_tokens = usage_hour.input_tokens + excluded.input_tokens,
    output_tokens = usage_hour.output_tokens + excluded.output_tokens,
    cache_read_tokens = usage_hour.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = usage_hour.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = usage_hour.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    cost_micro = usage_hour.cost_micro + excluded.cost_micro,
    cost_rest = usage_hour.cost_rest + excluded.cost_rest,
    unpriced = usage_hour.unpriced + excluded.unpriced,
    estimated = usage_hour.estimated + excluded.estimated
