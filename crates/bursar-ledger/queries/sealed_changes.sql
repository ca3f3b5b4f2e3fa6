-- These changes, whole rows.
SELECT t.* FROM jsonb_each($1) AS wanted JOIN change AS t ON t.seq = CAST(wanted.key AS BIGINT)
