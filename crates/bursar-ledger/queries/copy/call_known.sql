-- How many of these calls are known.
SELECT COUNT(*) AS known
FROM jsonb_each($1) JOIN call AS t ON t.id = CAST(value ->> 'id' AS TEXT)
