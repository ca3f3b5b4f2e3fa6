-- The next thresholds that were told after a key, whole rows.
SELECT * FROM threshold
WHERE (window_id, percent) > ($1, $2)
ORDER BY window_id, percent
LIMIT 500
