-- Calls after $1, five thousand at most, and whether any amount of theirs is below nothing.
SELECT
    c.id,
    c.input_tokens < 0 OR c.output_tokens < 0 OR c.cache_read_tokens < 0
        OR c.cache_write_5m_tokens < 0 OR c.cache_write_1h_tokens < 0
        OR COALESCE(c.cost_pico, 0) < 0 OR COALESCE(c.cost_low_pico, 0) < 0
        OR COALESCE(c.held_micro, 0) < 0
        OR COALESCE(x.input_tokens < 0 OR x.output_tokens < 0 OR x.cache_read_tokens < 0
            OR x.cache_write_5m_tokens < 0 OR x.cache_write_1h_tokens < 0, false)
        OR COALESCE(x.cost_pico, 0) < 0 OR COALESCE(x.cost_low_pico, 0) < 0 AS negative
FROM call AS c
LEFT JOIN correction AS x ON x.call_id = c.id
WHERE c.id > $1 ORDER BY c.id LIMIT 5000
