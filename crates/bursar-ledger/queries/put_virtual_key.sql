-- Makes a virtual key, or changes what may change of one.
INSERT INTO virtual_key (
    id, team_id, name, project, user_name, generation, created_ms, expires_ms, revoked_ms
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET
    project = excluded.project, user_name = excluded.user_name,
    generation = excluded.generation, expires_ms = excluded.expires_ms,
    revoked_ms = excluded.revoked_ms
