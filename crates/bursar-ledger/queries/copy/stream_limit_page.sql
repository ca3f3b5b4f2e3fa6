-- The next limits of streams after a key, whole rows.
SELECT * FROM stream_limit
WHERE id > $1
ORDER BY id
LIMIT 500
