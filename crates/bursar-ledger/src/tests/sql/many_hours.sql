-- Writes 20,001 hourly rows of two hours, each of a key of its own and of no call.
INSERT INTO usage_hour (
    hour_ms, shard, team, project, user_id, key_id, tags, operation, model, provider, region,
    served_region, routing, tier, outcome, price_id, simulated, calls, succeeded, rejected,
    throttled, failed, cut, abandoned, refused, attempts, throttled_attempts, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_micro,
    cost_rest, unpriced, estimated
)
WITH RECURSIVE one (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM one WHERE number < 20001
)
SELECT
    CASE WHEN number <= 10000 THEN 0 ELSE 3600000 END, 0, '', '', '',
    'many ' || CAST(number AS TEXT), '{}', 'Converse', 'a.model', 'a', '', '', 'regional',
    'standard', 'succeeded', '', true,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM one
