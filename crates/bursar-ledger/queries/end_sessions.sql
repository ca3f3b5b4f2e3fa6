-- Ends every session of an account.
DELETE FROM session WHERE account_id = $1
