-- The next policies after a key, whole rows.
SELECT * FROM policy
WHERE scope > $1
ORDER BY scope
LIMIT 500
