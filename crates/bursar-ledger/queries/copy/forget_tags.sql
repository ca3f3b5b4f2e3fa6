-- Forgets report tags that are not among these.
DELETE FROM report_tag WHERE tag_key NOT IN (SELECT key FROM jsonb_each($1))
