-- Forgets owners whose lease lapsed a minute ago: a hold without an owner counts as lapsed.
DELETE FROM owner WHERE lease_ms < (EXTRACT(EPOCH FROM clock_timestamp()) * 1000) - 60000
