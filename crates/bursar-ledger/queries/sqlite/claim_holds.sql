-- The open holds of one dead owner, a thousand at most, by call.
SELECT
    call_id, held_micro, checkpoint_pico, facts,
    (SELECT json_group_object(l.key, json_array(b.unit, CAST(l.value ->> 1 AS BIGINT)))
     FROM jsonb_each(hold.lines) AS l
     JOIN budget_window AS w ON w.id = l.key
     JOIN budget AS b ON b.id = w.budget_id) AS lines
FROM hold WHERE owner = $1 ORDER BY call_id LIMIT 1000
