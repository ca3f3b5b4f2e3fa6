-- Takes away the lines of holds that are settled.
DELETE FROM hold_line WHERE call_id IN (SELECT key FROM jsonb_each($1))
