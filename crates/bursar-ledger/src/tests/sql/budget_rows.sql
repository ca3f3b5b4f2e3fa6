-- How many budgets there are.
SELECT COUNT(*) AS number FROM budget
