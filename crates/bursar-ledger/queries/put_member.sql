-- Adds a user to a team, or takes one out of it.
INSERT INTO member (id, team_id, name, created_ms, ended_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms
