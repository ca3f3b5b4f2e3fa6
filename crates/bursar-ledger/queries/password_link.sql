-- Whose password the link with this token's hash can set, and until when.
SELECT account_id, expires_ms FROM password_link WHERE token_hmac = $1
