-- Keeps the hash of a key's secret.
INSERT INTO key_secret (key_id, generation, secret_hmac, created_ms, expires_ms)
VALUES ($1, $2, $3, $4, NULL)
