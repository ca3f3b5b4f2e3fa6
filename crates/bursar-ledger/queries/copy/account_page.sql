-- The next accounts after a key, whole rows.
SELECT * FROM account
WHERE id > $1
ORDER BY id
LIMIT 500
