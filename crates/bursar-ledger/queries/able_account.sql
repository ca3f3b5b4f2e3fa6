-- Says since when an account is disabled, or that it is not.
UPDATE account SET disabled_ms = $2 WHERE id = $1
