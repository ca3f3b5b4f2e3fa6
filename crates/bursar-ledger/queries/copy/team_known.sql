-- How many of these teams are known.
SELECT COUNT(*) AS known
FROM jsonb_each($1) JOIN team AS t ON t.id = CAST(value ->> 'id' AS TEXT)
