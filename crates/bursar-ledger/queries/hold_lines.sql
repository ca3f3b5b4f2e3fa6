-- Which of these calls are held, and in which windows how much: a row each, or one without a window.
SELECT
    h.call_id, l.key AS window_id, b.unit, CAST(l.value ->> 1 AS BIGINT) AS amount_micro
FROM jsonb_each($1) AS c
JOIN hold AS h ON h.call_id = c.key
LEFT JOIN jsonb_each(h.lines) AS l ON true
LEFT JOIN budget_window AS w ON w.id = l.key
LEFT JOIN budget AS b ON b.id = w.budget_id
ORDER BY h.call_id, l.key
