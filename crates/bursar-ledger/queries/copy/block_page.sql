-- The next blocks after a key, whole rows.
SELECT * FROM block
WHERE number > $1
ORDER BY number
LIMIT 500
