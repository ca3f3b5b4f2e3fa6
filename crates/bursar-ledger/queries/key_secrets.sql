-- What proves that a caller has a key, the newest first.
SELECT generation, secret_hmac, expires_ms
FROM key_secret WHERE key_id = $1
ORDER BY generation DESC
