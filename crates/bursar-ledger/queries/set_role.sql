-- Gives an account another role and team.
UPDATE account SET role = $2, team_id = $3 WHERE id = $1
