-- These virtual keys.
SELECT
    id, team_id, name, project, user_name, generation, created_ms, expires_ms, revoked_ms
FROM virtual_key
WHERE id IN (SELECT key FROM jsonb_each($1))
