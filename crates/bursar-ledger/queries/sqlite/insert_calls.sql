-- Records ended calls.
INSERT INTO call (
    id, started_ms, first_token_ms, ended_ms, team, project, user_id, key_id, tags,
    client_session, operation, model_requested, model, model_version, version_evidence,
    provider, region, served_region, routing, tier_requested, tier, outcome, client_gone,
    http_status, error_code, error_message, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, meters,
    price_id, rates, cost_pico, estimated, cost_low_pico, overrun, held_micro, request_id,
    stop_reason, guardrail_id, guardrail_action, request_hmac, simulated
)
SELECT
    CAST(value ->> 'id' AS TEXT), CAST(value ->> 'started_ms' AS BIGINT),
    CAST(value ->> 'first_token_ms' AS BIGINT), CAST(value ->> 'ended_ms' AS BIGINT),
    CAST(value ->> 'team' AS TEXT), CAST(value ->> 'project' AS TEXT),
    CAST(value ->> 'user_id' AS TEXT), CAST(value ->> 'key_id' AS TEXT),
    CAST(value ->> 'tags' AS TEXT), CAST(value ->> 'client_session' AS TEXT),
    CAST(value ->> 'operation' AS TEXT), CAST(value ->> 'model_requested' AS TEXT),
    CAST(value ->> 'model' AS TEXT), CAST(value ->> 'model_version' AS TEXT),
    CAST(value ->> 'version_evidence' AS TEXT), CAST(value ->> 'provider' AS TEXT),
    CAST(value ->> 'region' AS TEXT), CAST(value ->> 'served_region' AS TEXT),
    CAST(value ->> 'routing' AS TEXT), CAST(value ->> 'tier_requested' AS TEXT),
    CAST(value ->> 'tier' AS TEXT), CAST(value ->> 'outcome' AS TEXT),
    CAST(value ->> 'client_gone' AS BOOLEAN), CAST(value ->> 'http_status' AS BIGINT),
    CAST(value ->> 'error_code' AS TEXT), CAST(value ->> 'error_message' AS TEXT),
    CAST(value ->> 'attempts' AS BIGINT), CAST(value ->> 'throttled_attempts' AS BIGINT),
    CAST(value ->> 'input_tokens' AS BIGINT), CAST(value ->> 'output_tokens' AS BIGINT),
    CAST(value ->> 'cache_read_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_5m_tokens' AS BIGINT),
    CAST(value ->> 'cache_write_1h_tokens' AS BIGINT), CAST(value ->> 'meters' AS TEXT),
    CAST(value ->> 'price_id' AS TEXT), CAST(value ->> 'rates' AS TEXT),
    CAST(value ->> 'cost_pico' AS BIGINT), CAST(value ->> 'estimated' AS BOOLEAN),
    CAST(value ->> 'cost_low_pico' AS BIGINT), CAST(value ->> 'overrun' AS BOOLEAN),
    CAST(value ->> 'held_micro' AS BIGINT), CAST(value ->> 'request_id' AS TEXT),
    CAST(value ->> 'stop_reason' AS TEXT), CAST(value ->> 'guardrail_id' AS TEXT),
    CAST(value ->> 'guardrail_action' AS TEXT), CAST(value ->> 'request_hmac' AS TEXT),
    CAST(value ->> 'simulated' AS BOOLEAN)
FROM jsonb_each(?)
