-- Makes a project, or ends it.
INSERT INTO project (id, team_id, name, created_ms, ended_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms
