-- The next refusals after a key, whole rows.
SELECT * FROM refusal
WHERE (key_id, minute_ms, slot) > ($1, $2, $3)
ORDER BY key_id, minute_ms, slot
LIMIT 500
