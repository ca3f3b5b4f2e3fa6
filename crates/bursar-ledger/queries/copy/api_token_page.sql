-- The next API tokens after a key, whole rows.
SELECT * FROM api_token
WHERE id > $1
ORDER BY id
LIMIT 500
