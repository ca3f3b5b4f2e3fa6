-- Gives an account another password hash, or none.
UPDATE account SET password_hash = $2 WHERE id = $1
