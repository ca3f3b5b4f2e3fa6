-- Ends one session.
DELETE FROM session WHERE token_hmac = $1
