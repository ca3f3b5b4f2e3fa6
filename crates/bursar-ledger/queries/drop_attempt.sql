-- Takes out the attempts of calls that are archived.
DELETE FROM attempt WHERE call_id IN (SELECT key FROM jsonb_each($1))
