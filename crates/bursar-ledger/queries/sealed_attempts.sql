-- The attempts at these calls, whole rows.
SELECT t.* FROM jsonb_each($1) AS wanted JOIN attempt AS t ON t.call_id = wanted.key
