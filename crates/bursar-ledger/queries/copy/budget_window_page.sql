-- The next budget windows after a key, whole rows.
SELECT * FROM budget_window
WHERE id > $1
ORDER BY id
LIMIT 500
