-- The items of blocks that are about these calls, whole rows.
SELECT t.* FROM jsonb_each($1) AS wanted
JOIN sealed AS t ON t.subject = wanted.key AND t.kind IN ('call', 'correction')
ORDER BY t.subject, t.kind
