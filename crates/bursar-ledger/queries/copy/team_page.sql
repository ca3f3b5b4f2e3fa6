-- The next teams after a key, whole rows.
SELECT * FROM team
WHERE id > $1
ORDER BY id
LIMIT 500
