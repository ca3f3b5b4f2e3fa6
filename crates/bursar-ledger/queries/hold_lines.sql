-- Which of these calls are held, and in which windows how much: a row each, or one without a window.
SELECT h.call_id, l.window_id, b.unit, l.amount_micro
FROM jsonb_each($1) AS c
JOIN hold AS h ON h.call_id = c.key
LEFT JOIN hold_line AS l ON l.call_id = h.call_id
LEFT JOIN budget_window AS w ON w.id = l.window_id
LEFT JOIN budget AS b ON b.id = w.budget_id
ORDER BY h.call_id, l.window_id
