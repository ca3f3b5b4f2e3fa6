-- What proves that a caller has one of these keys, the newest first.
SELECT key_id, generation, secret_hmac, expires_ms FROM key_secret
WHERE key_id IN (SELECT key FROM jsonb_each($1))
ORDER BY key_id, generation DESC
