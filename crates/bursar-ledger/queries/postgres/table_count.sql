-- How many tables there are, migrations' own left out.
SELECT CAST(COUNT(*) AS BIGINT) AS tables FROM pg_catalog.pg_tables
WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations' 
