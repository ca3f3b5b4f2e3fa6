-- How many tables there are, migrations' own left out.
SELECT COUNT(*) AS tables FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations' 
