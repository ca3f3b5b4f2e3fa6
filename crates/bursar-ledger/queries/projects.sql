-- Every project, by name.
SELECT id, team_id, name, created_ms, ended_ms
FROM project
ORDER BY name, created_ms, id
