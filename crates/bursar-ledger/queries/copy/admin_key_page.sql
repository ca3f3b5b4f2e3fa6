-- The next keys of the admin API after a key, whole rows.
SELECT * FROM admin_key
WHERE id > $1
ORDER BY id
LIMIT 500
