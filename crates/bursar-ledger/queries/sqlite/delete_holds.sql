-- Takes the right to settle these calls: as many rows as calls, or somebody settled one before.
DELETE FROM hold WHERE call_id IN (SELECT key FROM jsonb_each($1))
