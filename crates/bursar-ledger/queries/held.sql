-- What a call holds, and what of it lies in which window: a row each, or one without a window.
SELECT h.held_micro, l.window_id, b.unit, l.amount_micro
FROM hold AS h
LEFT JOIN hold_line AS l ON l.call_id = h.call_id
LEFT JOIN budget_window AS w ON w.id = l.window_id
LEFT JOIN budget AS b ON b.id = w.budget_id
WHERE h.call_id = $1
