-- Takes out the journal lines of calls that are archived.
DELETE FROM journal WHERE call_id IN (SELECT key FROM jsonb_each($1))
