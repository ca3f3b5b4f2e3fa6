-- Writes keys of the admin API that are not there yet, and brings up to date those that are.
INSERT INTO admin_key (id, name, role, secret_hmac, created_ms, expires_ms, revoked_ms)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'name' AS TEXT),
    CAST(value ->> 'role' AS TEXT),
    CAST(value ->> 'secret_hmac' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'expires_ms' AS BIGINT),
    CAST(value ->> 'revoked_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    revoked_ms = excluded.revoked_ms
WHERE COALESCE(admin_key.revoked_ms, -1) <> COALESCE(excluded.revoked_ms, -1)
