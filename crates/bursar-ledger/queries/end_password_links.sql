-- Ends the links of an account.
DELETE FROM password_link WHERE account_id = $1
