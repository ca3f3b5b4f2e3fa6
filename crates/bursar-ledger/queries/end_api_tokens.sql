-- Ends every API token of an account.
UPDATE api_token SET revoked_ms = $2 WHERE account_id = $1 AND revoked_ms IS NULL
