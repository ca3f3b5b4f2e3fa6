-- Records the true bills of calls that were swept.
INSERT INTO correction (
    call_id, posted_ms, ended_ms, outcome, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, meters,
    price_id, rates, cost_pico, estimated, cost_low_pico, overrun, request_id
)
SELECT
    CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'posted_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT), CAST(value ->> 'outcome' AS TEXT),
    CAST(value ->> 'attempts' AS BIGINT), CAST(value ->> 'throttled_attempts' AS BIGINT),
    CAST(value ->> 'input_tokens' AS BIGINT), CAST(value ->> 'output_tokens' AS BIGINT),
    CAST(value ->> 'cache_read_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_5m_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_1h_tokens' AS BIGINT), CAST(value ->> 'meters' AS TEXT),
    CAST(value ->> 'price_id' AS TEXT), CAST(value ->> 'rates' AS TEXT),
    CAST(value ->> 'cost_pico' AS BIGINT), CAST(value ->> 'estimated' AS BOOLEAN),
    CAST(value ->> 'cost_low_pico' AS BIGINT), CAST(value ->> 'overrun' AS BOOLEAN),
    CAST(value ->> 'request_id' AS TEXT)
FROM jsonb_each(?)
