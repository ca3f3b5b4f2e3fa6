-- The next keys' secrets after a key, whole rows.
SELECT * FROM key_secret
WHERE (key_id, generation) > ($1, $2)
ORDER BY key_id, generation
LIMIT 500
