-- The next sums of archived journal lines after a key, whole rows.
SELECT * FROM journal_base
WHERE window_id > $1
ORDER BY window_id
LIMIT 500
