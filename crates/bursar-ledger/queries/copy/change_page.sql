-- The next changes that people made after a key, whole rows.
SELECT * FROM change
WHERE seq > $1
ORDER BY seq
LIMIT 500
