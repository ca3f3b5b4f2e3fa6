-- Ends a freeze.
UPDATE frozen SET thawed_by = $2, thawed_ms = $3 WHERE id = $1 AND thawed_ms IS NULL
