-- The next journal lines after a key, whole rows.
SELECT * FROM journal
WHERE (window_id, seq) > ($1, $2)
ORDER BY window_id, seq
LIMIT 500
