-- Writes virtual keys that are not there yet, and brings up to date those that are.
INSERT INTO virtual_key (
    id, team_id, name, project, user_name, generation, created_ms, expires_ms, revoked_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'team_id' AS TEXT),
    CAST(value ->> 'name' AS TEXT),
    CAST(value ->> 'project' AS TEXT),
    CAST(value ->> 'user_name' AS TEXT),
    CAST(value ->> 'generation' AS BIGINT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'expires_ms' AS BIGINT),
    CAST(value ->> 'revoked_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    project = excluded.project,
    user_name = excluded.user_name,
    generation = excluded.generation,
    expires_ms = excluded.expires_ms,
    revoked_ms = excluded.revoked_ms
WHERE (
    COALESCE(virtual_key.project, ''),
    COALESCE(virtual_key.user_name, ''),
    virtual_key.generation,
    COALESCE(virtual_key.expires_ms, -1),
    COALESCE(virtual_key.revoked_ms, -1)
) <> (
    COALESCE(excluded.project, ''),
    COALESCE(excluded.user_name, ''),
    excluded.generation,
    COALESCE(excluded.expires_ms, -1),
    COALESCE(excluded.revoked_ms, -1)
)
