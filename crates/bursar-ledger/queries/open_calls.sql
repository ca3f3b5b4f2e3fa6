-- The open calls after a call's id, with what is known of them and who wants them cut.
SELECT
    h.call_id, h.owner, h.held_micro, h.checkpoint_pico, h.checkpoint_tokens, h.checkpoint_ms,
    h.cut_code, h.facts, w.wished_by, w.reason
FROM hold AS h
LEFT JOIN cut_wish AS w ON w.call_id = h.call_id
WHERE h.call_id > $1
ORDER BY h.call_id
LIMIT 500
