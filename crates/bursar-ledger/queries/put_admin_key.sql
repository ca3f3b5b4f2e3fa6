-- Makes a key of the admin API.
INSERT INTO admin_key (id, name, role, secret_hmac, created_ms, expires_ms, revoked_ms)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
