-- Every column of every table and view of ours.
SELECT m.name AS table_name, c.name AS column_name, c."notnull" = 0 AND c.pk = 0 AS nullable
FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
WHERE m.type = 'table' AND m.name NOT LIKE '\_sqlx%' ESCAPE '\' AND m.name NOT LIKE 'sqlite%'
ORDER BY m.name, c.name
