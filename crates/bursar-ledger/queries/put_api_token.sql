-- Makes an API token.
INSERT INTO api_token (
    id, account_id, name, may_change, secret_hmac, created_ms, expires_ms, used_ms, revoked_ms
)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL)
