-- Journal lines after ($1, $2), those of open calls among them, five thousand at most, each with what
-- its limit counts, what the call that it names used, and what the lines that are archived add up to.
SELECT
    j.window_id, j.seq, j.call_id, j.kind, j.d_held, j.d_spent, j.d_rest, j.limit_micro, b.unit,
    b.id AS budget_id, c.id IS NOT NULL AS recorded, c.cost_pico, x.cost_pico AS corrected_pico,
    c.input_tokens + c.output_tokens + c.cache_read_tokens + c.cache_write_5m_tokens
        + c.cache_write_1h_tokens AS tokens,
    c.estimated, COALESCE(base.seq, 0) AS base_seq, COALESCE(base.held_micro, 0) AS base_held,
    COALESCE(base.spent_micro, 0) AS base_spent, COALESCE(base.spent_rest, 0) AS base_rest
FROM (
    SELECT * FROM (
        SELECT window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro FROM journal
        WHERE (window_id, seq) > (CAST($1 AS TEXT), CAST($2 AS BIGINT))
        ORDER BY window_id, seq LIMIT 5000
    ) AS ended
    UNION ALL
    SELECT * FROM (
        SELECT window_id, seq, call_id, 'hold', amount_micro, 0, 0, limit_micro FROM hold_line
        WHERE (window_id, seq) > (CAST($1 AS TEXT), CAST($2 AS BIGINT))
        ORDER BY window_id, seq LIMIT 5000
    ) AS open
) AS j
JOIN budget_window AS w ON w.id = j.window_id
JOIN budget AS b ON b.id = w.budget_id
LEFT JOIN journal_base AS base ON base.window_id = j.window_id
LEFT JOIN call AS c ON c.id = j.call_id
LEFT JOIN correction AS x ON x.call_id = j.call_id
ORDER BY j.window_id, j.seq LIMIT 5000
