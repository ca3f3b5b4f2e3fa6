-- Everybody who may sign in, or might once, by name.
SELECT id, name, role, team_id, password_hash, created_ms, disabled_ms,
    issuer, subject
FROM account
ORDER BY name
