-- The next budgets after a key, whole rows.
SELECT * FROM budget
WHERE id > $1
ORDER BY id
LIMIT 500
