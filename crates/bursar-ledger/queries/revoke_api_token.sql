-- Ends an API token.
UPDATE api_token SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL
