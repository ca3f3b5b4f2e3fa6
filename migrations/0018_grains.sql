-- Sums by one dimension at a time, of hours as well as of days, and by more dimensions: a page reads
-- one row for each value and hour, and not one for each key, price and outcome within them.
--
-- The start of a row is that of its day, or of its hour where its grain is one of hours.
ALTER TABLE usage_day RENAME TO usage_grain;
ALTER TABLE usage_grain RENAME COLUMN day_ms TO start_ms;

-- What was counted before. How long those calls took is not known by these dimensions.
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
SELECT
    g.grain,
    CASE WHEN g.grain IN ('hour_price', 'hour_model', 'hour_team', 'hour_team_model')
        THEN h.hour_ms
        ELSE h.hour_ms - h.hour_ms % 86400000 END,
    CASE g.grain WHEN 'user' THEN h.user_id WHEN 'region' THEN h.region WHEN 'tier' THEN h.tier
        WHEN 'operation' THEN h.operation WHEN 'price' THEN h.model
        WHEN 'hour_price' THEN h.model WHEN 'hour_model' THEN h.model ELSE h.team END,
    CASE g.grain WHEN 'price' THEN h.price_id WHEN 'hour_price' THEN h.price_id
        WHEN 'hour_team_model' THEN h.model ELSE '' END,
    h.operation = 'CountTokens', h.shard,
    SUM(h.calls), SUM(h.succeeded), SUM(h.rejected), SUM(h.throttled), SUM(h.failed),
    SUM(h.cut), SUM(h.abandoned), SUM(h.refused), SUM(h.attempts), SUM(h.throttled_attempts),
    SUM(h.input_tokens), SUM(h.output_tokens), SUM(h.cache_read_tokens),
    SUM(h.cache_write_5m_tokens), SUM(h.cache_write_1h_tokens), SUM(h.cost_micro),
    SUM(h.cost_rest), SUM(h.unpriced), SUM(h.estimated),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM usage_hour AS h
CROSS JOIN (
    SELECT 'user' AS grain UNION ALL SELECT 'region' UNION ALL SELECT 'tier'
    UNION ALL SELECT 'operation' UNION ALL SELECT 'price' UNION ALL SELECT 'hour_price'
    UNION ALL SELECT 'hour_model' UNION ALL SELECT 'hour_team' UNION ALL SELECT 'hour_team_model'
) AS g
GROUP BY 1, 2, 3, 4, 5, 6;

-- A program before this one would add to a table that is gone.
UPDATE ledger_meta SET version = 18, serves_from = 18;
