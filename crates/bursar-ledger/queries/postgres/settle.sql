-- Posts a group of settlements, corrections, voids and refusals, all or nothing: takes the holds
-- (the right to settle), then moves windows and writes calls and roll-ups.
-- $1 holds by call, $2 calls, $3 attempts, $4 tags, $5 corrections, $6 refusals, $7 sums by window,
-- $8 journal lines, $9 hours, $10 narrow sums, $11 those with histograms. Tells whether every
-- hold was still there.
WITH token AS MATERIALIZED (
    SELECT call_id, lines FROM hold
    WHERE call_id = ANY (ARRAY(SELECT key FROM jsonb_each($1)))
    ORDER BY call_id
    FOR UPDATE
),
go AS MATERIALIZED (
    SELECT 1
    WHERE (SELECT COUNT(*) FROM token) = (SELECT COUNT(*) FROM jsonb_each($1))
),
locked AS MATERIALIZED (
    SELECT
        w.id, w.seq,
        CAST(d.value ->> 'd_held' AS BIGINT) AS held,
        CAST(d.value ->> 'd_spent' AS BIGINT) AS spent,
        CAST(d.value ->> 'd_rest' AS BIGINT) AS rest,
        CAST(d.value ->> 'n' AS BIGINT) AS n,
        CAST(d.value ->> 'refused' AS BIGINT) AS refused
    FROM budget_window AS w JOIN jsonb_each($7) AS d ON d.key = w.id
    WHERE EXISTS (SELECT 1 FROM go)
    ORDER BY w.id
    FOR NO KEY UPDATE OF w
),
taken AS (
    DELETE FROM hold USING token, go WHERE hold.call_id = token.call_id
),
held AS (
    INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro)
    SELECT
        l.key,
        CAST(l.value ->> 0 AS BIGINT),
        token.call_id,
        'hold',
        CAST(l.value ->> 1 AS BIGINT),
        0,
        0,
        CAST(l.value ->> 2 AS BIGINT)
    FROM token, go, jsonb_each(token.lines) AS l
),
moved AS (
    UPDATE budget_window AS w SET
        held_micro = w.held_micro + l.held,
        spent_micro = w.spent_micro + l.spent + (w.spent_rest + l.rest) / 1000000,
        spent_rest = (w.spent_rest + l.rest) % 1000000,
        seq = w.seq + l.n,
        refused = w.refused + l.refused
    FROM locked AS l
    WHERE w.id = l.id
),
written AS (
    INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest)
    SELECT
        l.id,
        l.seq + CAST(value ->> 'n' AS BIGINT),
        CAST(value ->> 'call_id' AS TEXT),
        CAST(value ->> 'kind' AS TEXT),
        CAST(value ->> 'd_held' AS BIGINT),
        CAST(value ->> 'd_spent' AS BIGINT),
        CAST(value ->> 'd_rest' AS BIGINT)
    FROM jsonb_each($8)
    JOIN locked AS l ON l.id = CAST(value ->> 'window_id' AS TEXT)
),
queued AS (
    INSERT INTO unsealed (kind, subject)
    SELECT 'call', key FROM jsonb_each($1), go
    UNION ALL
    SELECT 'correction', CAST(value ->> 'call_id' AS TEXT) FROM jsonb_each($5), go
    ON CONFLICT DO NOTHING
),
calls AS (
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
    FROM jsonb_each($2), go
),
attempts AS (
    INSERT INTO attempt (
        call_id, number, started_ms, ended_ms, outcome, http_status, error_code, request_id,
        model, region, upstream
    )
    SELECT
        CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'number' AS BIGINT),
        CAST(value ->> 'started_ms' AS BIGINT), CAST(value ->> 'ended_ms' AS BIGINT),
        CAST(value ->> 'outcome' AS TEXT), CAST(value ->> 'http_status' AS BIGINT),
        CAST(value ->> 'error_code' AS TEXT), CAST(value ->> 'request_id' AS TEXT),
        CAST(value ->> 'model' AS TEXT), CAST(value ->> 'region' AS TEXT),
        CAST(value ->> 'upstream' AS TEXT)
    FROM jsonb_each($3), go
),
tags AS (
    INSERT INTO call_tag (
        tag_key, started_ms, call_id, tag_value
    )
    SELECT
        CAST(value ->> 'tag_key' AS TEXT), CAST(value ->> 'started_ms' AS BIGINT),
        CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'tag_value' AS TEXT)
    FROM jsonb_each($4), go
),
corrections AS (
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
    FROM jsonb_each($5), go
),
refusals AS (
    INSERT INTO refusal (
        key_id, minute_ms, slot, at_ms, reason, detail, team, project, user_id, operation, model,
        region, call_id, window_id
    )
    SELECT
        key_id, minute_ms, slot, at_ms, reason, detail, team, project, user_id, operation, model,
        region, call_id, window_id
    FROM (
        SELECT
        CAST(value ->> 'key_id' AS TEXT) AS key_id,
        CAST(value ->> 'minute_ms' AS BIGINT) AS minute_ms,
        COALESCE((
            SELECT MAX(r.slot) + 1 FROM refusal AS r
            WHERE r.key_id = CAST(value ->> 'key_id' AS TEXT)
                AND r.minute_ms = CAST(value ->> 'minute_ms' AS BIGINT)
        ), 0) + CAST(value ->> 'slot' AS BIGINT) AS slot,
        CAST(value ->> 'at_ms' AS BIGINT) AS at_ms,
        CAST(value ->> 'reason' AS TEXT) AS reason,
        CAST(value ->> 'detail' AS TEXT) AS detail,
        CAST(value ->> 'team' AS TEXT) AS team,
        CAST(value ->> 'project' AS TEXT) AS project,
        CAST(value ->> 'user_id' AS TEXT) AS user_id,
        CAST(value ->> 'operation' AS TEXT) AS operation,
        CAST(value ->> 'model' AS TEXT) AS model,
        CAST(value ->> 'region' AS TEXT) AS region,
        CAST(value ->> 'call_id' AS TEXT) AS call_id,
        CAST(value ->> 'window_id' AS TEXT) AS window_id
        FROM jsonb_each($6), go
    ) AS fresh
    WHERE slot < 60
    ON CONFLICT DO NOTHING
),
hours AS (
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
    FROM jsonb_each($9), go
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
),
grains AS (
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
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0
    FROM jsonb_each($10), go
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
),
paces AS (
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
        CAST(value -> 'latency' ->> 0 AS BIGINT),
        CAST(value -> 'latency' ->> 1 AS BIGINT),
        CAST(value -> 'latency' ->> 2 AS BIGINT),
        CAST(value -> 'latency' ->> 3 AS BIGINT),
        CAST(value -> 'latency' ->> 4 AS BIGINT),
        CAST(value -> 'latency' ->> 5 AS BIGINT),
        CAST(value -> 'latency' ->> 6 AS BIGINT),
        CAST(value -> 'latency' ->> 7 AS BIGINT),
        CAST(value -> 'latency' ->> 8 AS BIGINT),
        CAST(value -> 'latency' ->> 9 AS BIGINT),
        CAST(value -> 'latency' ->> 10 AS BIGINT),
        CAST(value -> 'latency' ->> 11 AS BIGINT),
        CAST(value -> 'latency' ->> 12 AS BIGINT),
        CAST(value -> 'latency' ->> 13 AS BIGINT),
        CAST(value -> 'latency' ->> 14 AS BIGINT),
        CAST(value -> 'latency' ->> 15 AS BIGINT),
        CAST(value -> 'latency' ->> 16 AS BIGINT),
        CAST(value -> 'latency' ->> 17 AS BIGINT),
        CAST(value -> 'latency' ->> 18 AS BIGINT),
        CAST(value -> 'latency' ->> 19 AS BIGINT),
        CAST(value -> 'first_token' ->> 0 AS BIGINT),
        CAST(value -> 'first_token' ->> 1 AS BIGINT),
        CAST(value -> 'first_token' ->> 2 AS BIGINT),
        CAST(value -> 'first_token' ->> 3 AS BIGINT),
        CAST(value -> 'first_token' ->> 4 AS BIGINT),
        CAST(value -> 'first_token' ->> 5 AS BIGINT),
        CAST(value -> 'first_token' ->> 6 AS BIGINT),
        CAST(value -> 'first_token' ->> 7 AS BIGINT),
        CAST(value -> 'first_token' ->> 8 AS BIGINT),
        CAST(value -> 'first_token' ->> 9 AS BIGINT),
        CAST(value -> 'first_token' ->> 10 AS BIGINT),
        CAST(value -> 'first_token' ->> 11 AS BIGINT),
        CAST(value -> 'first_token' ->> 12 AS BIGINT),
        CAST(value -> 'first_token' ->> 13 AS BIGINT),
        CAST(value -> 'first_token' ->> 14 AS BIGINT),
        CAST(value -> 'first_token' ->> 15 AS BIGINT),
        CAST(value -> 'first_token' ->> 16 AS BIGINT),
        CAST(value -> 'first_token' ->> 17 AS BIGINT),
        CAST(value -> 'first_token' ->> 18 AS BIGINT),
        CAST(value -> 'first_token' ->> 19 AS BIGINT),
        CAST(value -> 'speed' ->> 0 AS BIGINT),
        CAST(value -> 'speed' ->> 1 AS BIGINT),
        CAST(value -> 'speed' ->> 2 AS BIGINT),
        CAST(value -> 'speed' ->> 3 AS BIGINT),
        CAST(value -> 'speed' ->> 4 AS BIGINT),
        CAST(value -> 'speed' ->> 5 AS BIGINT),
        CAST(value -> 'speed' ->> 6 AS BIGINT),
        CAST(value -> 'speed' ->> 7 AS BIGINT),
        CAST(value -> 'speed' ->> 8 AS BIGINT),
        CAST(value -> 'speed' ->> 9 AS BIGINT),
        CAST(value -> 'speed' ->> 10 AS BIGINT),
        CAST(value -> 'speed' ->> 11 AS BIGINT),
        CAST(value -> 'speed' ->> 12 AS BIGINT),
        CAST(value -> 'speed' ->> 13 AS BIGINT),
        CAST(value -> 'speed' ->> 14 AS BIGINT),
        CAST(value -> 'speed' ->> 15 AS BIGINT),
        CAST(value -> 'speed' ->> 16 AS BIGINT),
        CAST(value -> 'speed' ->> 17 AS BIGINT),
        CAST(value -> 'speed' ->> 18 AS BIGINT),
        CAST(value -> 'speed' ->> 19 AS BIGINT)
    FROM jsonb_each($11), go
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
        estimated = usage_grain.estimated + excluded.estimated,
        latency_00 = usage_grain.latency_00 + excluded.latency_00,
        latency_01 = usage_grain.latency_01 + excluded.latency_01,
        latency_02 = usage_grain.latency_02 + excluded.latency_02,
        latency_03 = usage_grain.latency_03 + excluded.latency_03,
        latency_04 = usage_grain.latency_04 + excluded.latency_04,
        latency_05 = usage_grain.latency_05 + excluded.latency_05,
        latency_06 = usage_grain.latency_06 + excluded.latency_06,
        latency_07 = usage_grain.latency_07 + excluded.latency_07,
        latency_08 = usage_grain.latency_08 + excluded.latency_08,
        latency_09 = usage_grain.latency_09 + excluded.latency_09,
        latency_10 = usage_grain.latency_10 + excluded.latency_10,
        latency_11 = usage_grain.latency_11 + excluded.latency_11,
        latency_12 = usage_grain.latency_12 + excluded.latency_12,
        latency_13 = usage_grain.latency_13 + excluded.latency_13,
        latency_14 = usage_grain.latency_14 + excluded.latency_14,
        latency_15 = usage_grain.latency_15 + excluded.latency_15,
        latency_16 = usage_grain.latency_16 + excluded.latency_16,
        latency_17 = usage_grain.latency_17 + excluded.latency_17,
        latency_18 = usage_grain.latency_18 + excluded.latency_18,
        latency_19 = usage_grain.latency_19 + excluded.latency_19,
        first_token_00 = usage_grain.first_token_00 + excluded.first_token_00,
        first_token_01 = usage_grain.first_token_01 + excluded.first_token_01,
        first_token_02 = usage_grain.first_token_02 + excluded.first_token_02,
        first_token_03 = usage_grain.first_token_03 + excluded.first_token_03,
        first_token_04 = usage_grain.first_token_04 + excluded.first_token_04,
        first_token_05 = usage_grain.first_token_05 + excluded.first_token_05,
        first_token_06 = usage_grain.first_token_06 + excluded.first_token_06,
        first_token_07 = usage_grain.first_token_07 + excluded.first_token_07,
        first_token_08 = usage_grain.first_token_08 + excluded.first_token_08,
        first_token_09 = usage_grain.first_token_09 + excluded.first_token_09,
        first_token_10 = usage_grain.first_token_10 + excluded.first_token_10,
        first_token_11 = usage_grain.first_token_11 + excluded.first_token_11,
        first_token_12 = usage_grain.first_token_12 + excluded.first_token_12,
        first_token_13 = usage_grain.first_token_13 + excluded.first_token_13,
        first_token_14 = usage_grain.first_token_14 + excluded.first_token_14,
        first_token_15 = usage_grain.first_token_15 + excluded.first_token_15,
        first_token_16 = usage_grain.first_token_16 + excluded.first_token_16,
        first_token_17 = usage_grain.first_token_17 + excluded.first_token_17,
        first_token_18 = usage_grain.first_token_18 + excluded.first_token_18,
        first_token_19 = usage_grain.first_token_19 + excluded.first_token_19,
        speed_00 = usage_grain.speed_00 + excluded.speed_00,
        speed_01 = usage_grain.speed_01 + excluded.speed_01,
        speed_02 = usage_grain.speed_02 + excluded.speed_02,
        speed_03 = usage_grain.speed_03 + excluded.speed_03,
        speed_04 = usage_grain.speed_04 + excluded.speed_04,
        speed_05 = usage_grain.speed_05 + excluded.speed_05,
        speed_06 = usage_grain.speed_06 + excluded.speed_06,
        speed_07 = usage_grain.speed_07 + excluded.speed_07,
        speed_08 = usage_grain.speed_08 + excluded.speed_08,
        speed_09 = usage_grain.speed_09 + excluded.speed_09,
        speed_10 = usage_grain.speed_10 + excluded.speed_10,
        speed_11 = usage_grain.speed_11 + excluded.speed_11,
        speed_12 = usage_grain.speed_12 + excluded.speed_12,
        speed_13 = usage_grain.speed_13 + excluded.speed_13,
        speed_14 = usage_grain.speed_14 + excluded.speed_14,
        speed_15 = usage_grain.speed_15 + excluded.speed_15,
        speed_16 = usage_grain.speed_16 + excluded.speed_16,
        speed_17 = usage_grain.speed_17 + excluded.speed_17,
        speed_18 = usage_grain.speed_18 + excluded.speed_18,
        speed_19 = usage_grain.speed_19 + excluded.speed_19
)
SELECT EXISTS (SELECT 1 FROM go) AS posted
