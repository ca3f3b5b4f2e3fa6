-- In which windows these open calls are held, and how much.
SELECT l.call_id, l.window_id, b.unit, l.amount_micro
FROM jsonb_each($1) AS c
JOIN hold_line AS l ON l.call_id = c.key
JOIN budget_window AS w ON w.id = l.window_id
JOIN budget AS b ON b.id = w.budget_id
ORDER BY l.call_id, l.window_id
