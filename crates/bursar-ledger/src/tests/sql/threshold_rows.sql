-- How many thresholds were told.
SELECT COUNT(*) AS number FROM threshold
