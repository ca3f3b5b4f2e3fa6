-- Notes that what these items of blocks are about is archived with month $1.
UPDATE sealed SET archived_ms = $1
WHERE kind IN ('call', 'correction') AND subject IN (SELECT key FROM jsonb_each($2))
