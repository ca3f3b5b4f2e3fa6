-- Takes out the corrections of calls that are archived.
DELETE FROM correction WHERE call_id IN (SELECT key FROM jsonb_each($1))
