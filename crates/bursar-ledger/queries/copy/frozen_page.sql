-- The next freezes after a key, whole rows.
SELECT * FROM frozen
WHERE id > $1
ORDER BY id
LIMIT 500
