-- The next tags of calls after a key, whole rows.
SELECT * FROM call_tag
WHERE (tag_key, started_ms, call_id) > ($1, $2, $3)
ORDER BY tag_key, started_ms, call_id
LIMIT 500
