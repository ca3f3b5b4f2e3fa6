-- What these teams are called.
SELECT id, name FROM team WHERE id IN (SELECT key FROM jsonb_each($1))
