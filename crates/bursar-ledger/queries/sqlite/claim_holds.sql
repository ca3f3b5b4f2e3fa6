-- The open holds of one dead owner, a thousand at most, by call.
SELECT
    call_id, held_micro, checkpoint_pico, facts,
    (SELECT json_group_object(l.window_id, json_array(b.unit, l.amount_micro))
     FROM hold_line AS l
     JOIN budget_window AS w ON w.id = l.window_id
     JOIN budget AS b ON b.id = w.budget_id
     WHERE l.call_id = hold.call_id) AS lines
FROM hold WHERE owner = $1 ORDER BY call_id LIMIT 1000
