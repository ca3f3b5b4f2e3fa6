-- How many of these budgets are known.
SELECT COUNT(*) AS known
FROM jsonb_each($1) JOIN budget AS t ON t.id = CAST(value ->> 'id' AS TEXT)
