-- Every virtual key, by id.
SELECT
    id, team_id, name, project, user_name, generation, created_ms, expires_ms, revoked_ms
FROM virtual_key
ORDER BY id
