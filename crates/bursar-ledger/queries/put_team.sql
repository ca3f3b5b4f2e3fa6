-- Makes a team, or ends it.
INSERT INTO team (id, name, created_ms, ended_ms)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms
