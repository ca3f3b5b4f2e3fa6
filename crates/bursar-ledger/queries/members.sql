-- Every membership of a user in a team, by name.
SELECT id, team_id, name, created_ms, ended_ms
FROM member
ORDER BY name, created_ms, id
