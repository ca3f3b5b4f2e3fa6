-- Adds to the narrow sums that do not tell how long calls took.
INSERT INTO usage_grain (
    grain, start_ms, value, value2, count_tokens, shard, calls, succeeded, rejected, throttled,
    failed, cut, abandoned, refused, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    cost_micro, cost_rest, unpriced, estimated, latency_00, latency_01, latency_02,
    latency_03, latency_04, latency_05, latency_06, latency_07, latency_08, latency_09,
    latency_10, latency_11, latency_12, latency_13, latency_14, latency_15, latency_16,
    latency_17, latency_18, latency_19, first_token_00, first_token_01, first_token_02,
    first_token_03, first_token_04, first_token_05, first_token_06, first_token_07,
    first_token_08, first_token_09, first_token_10, first_token_11, first_token_12,
    first_token_13, first_token_14, first_token_15, first_token_16, first_token_17,
    first_token_18, first_token_19, speed_00, speed_01, speed_02, speed_03, speed_04,
    speed_05, speed_06, speed_07, speed_08, speed_09, speed_10, speed_11, speed_12, speed_13,
    speed_14, speed_15, speed_16, speed_17, speed_18, speed_19
)
SELECT
    CAST(value ->> 'grain' AS TEXT), CAST(value ->> 'start_ms' AS BIGINT),
    CAST(value ->> 'value' AS TEXT), CAST(value ->> 'value2' AS TEXT),
    CAST(value ->> 'count_tokens' AS BOOLEAN), CAST(value ->> 'shard' AS BIGINT),
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
    CAST(value ->> 'estimated' AS BIGINT),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM jsonb_each(?)
WHERE true
ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (
    grain, start_ms, value, value2, count_tokens, shard
) DO UPDATE SET
    calls = usage_grain.calls + excluded.calls,
    succeeded = usage_grain.succeeded + excluded.succeeded,
    rejected = usage_grain.rejected + excluded.rejected,
    throttled = usage_grain.throttled + excluded.throttled,
    failed = usage_grain.failed + excluded.failed, cut = usage_grain.cut + excluded.cut,
    abandoned = usage_grain.abandoned + excluded.abandoned,
    refused = usage_grain.refused + excluded.refused,
    attempts = usage_grain.attempts + excluded.attempts,
    throttled_attempts = usage_grain.throttled_attempts + excluded.throttled_attempts,
    input_tokens = usage_grain.input_tokens + excluded.input_tokens,
    output_tokens = usage_grain.output_tokens + excluded.output_tokens,
    cache_read_tokens = usage_grain.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = usage_grain.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = usage_grain.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    cost_micro = usage_grain.cost_micro + excluded.cost_micro,
    cost_rest = usage_grain.cost_rest + excluded.cost_rest,
    unpriced = usage_grain.unpriced + excluded.unpriced,
    estimated = usage_grain.estimated + excluded.estimated
