-- These calls, newest first, each with the bill that stands.
SELECT
    id, started_ms, first_token_ms, ended_ms, team, project, user_id, key_id, tags,
    client_session, operation, model_requested, model, model_version, version_evidence,
    provider, region, served_region, routing, tier_requested, tier, outcome, client_gone,
    http_status, error_code, error_message, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, meters,
    price_id, rates, cost_pico, estimated, cost_low_pico, overrun, held_micro, request_id,
    stop_reason, guardrail_id, guardrail_action, request_hmac, simulated, corrected
FROM billed_call
WHERE id IN (SELECT key FROM jsonb_each($1))
ORDER BY started_ms DESC, id DESC
