-- Writes 20,001 rows of sums, each of a team of its own and of no call.
INSERT INTO usage_grain (
    grain, start_ms, value, value2, count_tokens, shard, calls, succeeded, rejected, throttled,
    failed, cut, abandoned, refused, attempts, throttled_attempts, input_tokens, output_tokens,
    cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_micro, cost_rest,
    unpriced, estimated, latency_00, latency_01, latency_02, latency_03, latency_04,
    latency_05, latency_06, latency_07, latency_08, latency_09, latency_10, latency_11,
    latency_12, latency_13, latency_14, latency_15, latency_16, latency_17, latency_18,
    latency_19, first_token_00, first_token_01, first_token_02, first_token_03, first_token_04,
    first_token_05, first_token_06, first_token_07, first_token_08, first_token_09,
    first_token_10, first_token_11, first_token_12, first_token_13, first_token_14,
    first_token_15, first_token_16, first_token_17, first_token_18, first_token_19, speed_00,
    speed_01, speed_02, speed_03, speed_04, speed_05, speed_06, speed_07, speed_08, speed_09,
    speed_10, speed_11, speed_12, speed_13, speed_14, speed_15, speed_16, speed_17, speed_18,
    speed_19
)
WITH RECURSIVE team (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM team WHERE number < 20001
)
SELECT
    'team', 0, 'many ' || CAST(number AS TEXT), '', false, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM team
