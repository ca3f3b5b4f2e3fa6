-- Which SQLite is linked.
SELECT sqlite_version() AS version
