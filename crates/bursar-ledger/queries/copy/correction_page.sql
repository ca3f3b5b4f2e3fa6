-- The next corrections after a key, whole rows.
SELECT * FROM correction
WHERE call_id > $1
ORDER BY call_id
LIMIT 500
