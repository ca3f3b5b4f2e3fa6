-- The next months that are archived after a key, whole rows.
SELECT * FROM archive
WHERE month_ms > $1
ORDER BY month_ms
LIMIT 500
