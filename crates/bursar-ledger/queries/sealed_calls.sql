-- These calls, whole rows.
SELECT t.* FROM jsonb_each($1) AS wanted JOIN call AS t ON t.id = wanted.key
