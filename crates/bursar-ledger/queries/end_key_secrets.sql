-- Ends a key's secrets that would outlast an instant.
UPDATE key_secret SET expires_ms = $2
WHERE key_id = $1 AND (expires_ms IS NULL OR expires_ms > $2)
