-- The next memberships after a key, whole rows.
SELECT * FROM member
WHERE id > $1
ORDER BY id
LIMIT 500
