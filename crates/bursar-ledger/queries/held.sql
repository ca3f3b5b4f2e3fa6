-- What a call holds, and what of it lies in which window: a row each, or one without a window.
SELECT
    h.held_micro, l.key AS window_id, b.unit, CAST(l.value ->> 1 AS BIGINT) AS amount_micro
FROM hold AS h
LEFT JOIN jsonb_each(h.lines) AS l ON true
LEFT JOIN budget_window AS w ON w.id = l.key
LEFT JOIN budget AS b ON b.id = w.budget_id
WHERE h.call_id = $1
