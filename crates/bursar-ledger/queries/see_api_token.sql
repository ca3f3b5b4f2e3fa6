-- Says when an API token was last used.
UPDATE api_token SET used_ms = $2 WHERE id = $1 AND COALESCE(used_ms, 0) < $2
