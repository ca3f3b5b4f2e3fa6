-- Journal rows after ($1, $2), five thousand at most, each with what its limit counts, what was held
-- there for the call that it names, and what that call used.
SELECT
    j.window_id, j.seq, j.call_id, j.kind, j.d_held, j.d_spent, j.d_rest, j.limit_micro, b.unit,
    b.id AS budget_id, c.id IS NOT NULL AS recorded, c.cost_pico, x.cost_pico AS corrected_pico,
    c.input_tokens + c.output_tokens + c.cache_read_tokens + c.cache_write_5m_tokens
        + c.cache_write_1h_tokens AS tokens,
    c.estimated
FROM journal AS j
JOIN budget_window AS w ON w.id = j.window_id
JOIN budget AS b ON b.id = w.budget_id
LEFT JOIN call AS c ON c.id = j.call_id
LEFT JOIN correction AS x ON x.call_id = j.call_id
WHERE (j.window_id, j.seq) > (CAST($1 AS TEXT), CAST($2 AS BIGINT))
ORDER BY j.window_id, j.seq LIMIT 5000
