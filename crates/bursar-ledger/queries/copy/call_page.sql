-- The next calls after a key, whole rows.
SELECT * FROM call
WHERE id > $1
ORDER BY id
LIMIT 500
