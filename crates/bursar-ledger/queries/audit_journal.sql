-- Journal rows after ($1, $2), five thousand at most, each with what the call that it names cost.
SELECT
    j.window_id, j.seq, j.call_id, j.kind, j.d_spent, j.d_rest,
    c.id IS NOT NULL AS recorded, c.cost_pico, x.cost_pico AS corrected_pico
FROM journal AS j
LEFT JOIN call AS c ON c.id = j.call_id
LEFT JOIN correction AS x ON x.call_id = j.call_id
WHERE (j.window_id, j.seq) > (CAST($1 AS TEXT), CAST($2 AS BIGINT))
ORDER BY j.window_id, j.seq LIMIT 5000
