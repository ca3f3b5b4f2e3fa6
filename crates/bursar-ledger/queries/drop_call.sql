-- Takes out the calls of calls that are archived.
DELETE FROM call WHERE id IN (SELECT key FROM jsonb_each($1))
