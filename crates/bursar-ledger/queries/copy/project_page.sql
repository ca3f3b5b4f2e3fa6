-- The next projects after a key, whole rows.
SELECT * FROM project
WHERE id > $1
ORDER BY id
LIMIT 500
