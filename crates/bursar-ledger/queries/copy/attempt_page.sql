-- The next attempts after a key, whole rows.
SELECT * FROM attempt
WHERE (call_id, number) > ($1, $2)
ORDER BY call_id, number
LIMIT 500
