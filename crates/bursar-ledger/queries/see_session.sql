-- Says when a session was last used.
UPDATE session SET seen_ms = $2 WHERE token_hmac = $1 AND seen_ms < $2
