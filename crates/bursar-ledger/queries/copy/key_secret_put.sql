-- Writes keys' secrets that are not there yet, and brings up to date those that are.
INSERT INTO key_secret (
    key_id, generation, secret_hmac, created_ms, expires_ms
)
SELECT
    CAST(value ->> 'key_id' AS TEXT),
    CAST(value ->> 'generation' AS BIGINT),
    CAST(value ->> 'secret_hmac' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'expires_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (key_id, generation) DO UPDATE SET
    expires_ms = excluded.expires_ms
WHERE COALESCE(key_secret.expires_ms, -1) <> COALESCE(excluded.expires_ms, -1)
