-- Makes a link by which an account's password can be set once.
INSERT INTO password_link (token_hmac, account_id, expires_ms) VALUES ($1, $2, $3)
