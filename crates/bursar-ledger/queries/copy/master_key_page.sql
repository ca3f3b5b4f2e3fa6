-- The next the master key's fingerprint after a key, whole rows.
SELECT * FROM master_key
WHERE id > $1
ORDER BY id
LIMIT 500
