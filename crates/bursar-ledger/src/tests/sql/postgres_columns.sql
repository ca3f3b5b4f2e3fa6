-- Every column of every table of ours.
SELECT
    CAST(c.table_name AS TEXT) AS table_name, CAST(c.column_name AS TEXT) AS column_name,
    c.is_nullable = 'YES' AS nullable
FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
    AND c.table_name NOT LIKE '\_sqlx%'
ORDER BY CAST(c.table_name AS TEXT) COLLATE "C", CAST(c.column_name AS TEXT) COLLATE "C"
