-- Calls with tag $1, started in [$2, $3), after position ($4, $5), five thousand at most, each as
-- the roll-ups count it; $6 counts CountTokens too.
SELECT
    t.started_ms, t.call_id, t.tag_value, c.outcome, c.operation,
    c.attempts, c.throttled_attempts,
    c.input_tokens, c.output_tokens, c.cache_read_tokens, c.cache_write_5m_tokens,
    c.cache_write_1h_tokens, c.cost_pico, c.estimated
FROM call_tag AS t
JOIN billed_call AS c ON c.id = t.call_id
WHERE t.tag_key = $1 AND t.started_ms >= $2 AND t.started_ms < $3
    AND (t.started_ms, t.call_id) > (CAST($4 AS BIGINT), CAST($5 AS TEXT))
    AND (CAST($6 AS BOOLEAN) OR c.operation <> 'CountTokens')
ORDER BY t.started_ms, t.call_id LIMIT 5000
