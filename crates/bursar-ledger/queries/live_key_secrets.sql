-- What proves that a caller has a key, of every key that is not revoked, the newest first.
SELECT s.key_id, s.generation, s.secret_hmac, s.expires_ms
FROM key_secret AS s
JOIN virtual_key AS k ON k.id = s.key_id
WHERE k.revoked_ms IS NULL
ORDER BY s.key_id, s.generation DESC
