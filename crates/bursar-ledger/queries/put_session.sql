-- Begins a session.
INSERT INTO session (token_hmac, account_id, begun_ms, seen_ms) VALUES ($1, $2, $3, $3)
