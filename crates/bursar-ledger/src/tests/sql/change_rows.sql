-- How many changes were noted.
SELECT COUNT(*) AS number FROM change
