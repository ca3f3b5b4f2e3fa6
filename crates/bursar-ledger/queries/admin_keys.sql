-- Every key of the admin API, by name; those that are revoked, too.
SELECT id, name, role, secret_hmac, created_ms, expires_ms, revoked_ms
FROM admin_key
ORDER BY name, id
