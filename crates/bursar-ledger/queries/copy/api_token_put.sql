-- Writes API tokens that are not there yet, and brings up to date those that are.
INSERT INTO api_token (
    id, account_id, name, may_change, secret_hmac, created_ms, expires_ms, used_ms, revoked_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'account_id' AS TEXT),
    CAST(value ->> 'name' AS TEXT),
    CAST(value ->> 'may_change' AS BIGINT),
    CAST(value ->> 'secret_hmac' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'expires_ms' AS BIGINT),
    CAST(value ->> 'used_ms' AS BIGINT),
    CAST(value ->> 'revoked_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    used_ms = excluded.used_ms, revoked_ms = excluded.revoked_ms
WHERE COALESCE(api_token.used_ms, -1) <> COALESCE(excluded.used_ms, -1)
    OR COALESCE(api_token.revoked_ms, -1) <> COALESCE(excluded.revoked_ms, -1)
