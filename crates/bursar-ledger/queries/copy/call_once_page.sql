-- The next claimed keys after one, whole rows.
SELECT * FROM call_once
WHERE (asker, key_hash) > ($1, $2)
ORDER BY asker, key_hash
LIMIT 500
