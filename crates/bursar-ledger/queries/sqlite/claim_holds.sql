-- The open holds of one dead owner, a thousand at most, by call.
SELECT
    call_id, held_micro, checkpoint_pico, facts,
    (SELECT json_group_array(l.window_id) FROM hold_line AS l WHERE l.call_id = hold.call_id)
        AS windows
FROM hold WHERE owner = $1 ORDER BY call_id LIMIT 1000
