-- Notes which of these windows have passed which part of their limit, each once; tells what is new.
INSERT INTO threshold (window_id, percent, at_ms)
SELECT w.id, p.percent, CAST($2 AS BIGINT)
FROM jsonb_each($1) AS d
JOIN budget_window AS w ON w.id = d.key
JOIN budget AS b ON b.id = w.budget_id
JOIN (SELECT 50 AS percent UNION ALL SELECT 80 UNION ALL SELECT 100) AS p
    ON w.spent_micro >= b.limit_micro / 100 * p.percent + b.limit_micro % 100 * p.percent / 100
WHERE b.unit <> 'concurrent'
ON CONFLICT DO NOTHING
RETURNING window_id, percent
