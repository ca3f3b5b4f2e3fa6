-- How many calls are open.
SELECT COUNT(*) AS holds FROM hold
