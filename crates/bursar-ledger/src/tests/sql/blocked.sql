-- How many sessions of this database wait for a lock.
SELECT COUNT(*) AS number FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
