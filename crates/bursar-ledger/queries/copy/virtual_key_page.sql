-- The next virtual keys after a key, whole rows.
SELECT * FROM virtual_key
WHERE id > $1
ORDER BY id
LIMIT 500
