-- Writes accounts that are not there yet, and brings up to date those that are.
INSERT INTO account (
    id, name, role, team_id, password_hash, created_ms, disabled_ms, issuer, subject
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'name' AS TEXT),
    CAST(value ->> 'role' AS TEXT),
    CAST(value ->> 'team_id' AS TEXT),
    CAST(value ->> 'password_hash' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'disabled_ms' AS BIGINT),
    CAST(value ->> 'issuer' AS TEXT),
    CAST(value ->> 'subject' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    role = excluded.role, team_id = excluded.team_id,
    password_hash = excluded.password_hash, disabled_ms = excluded.disabled_ms
WHERE account.role <> excluded.role
    OR COALESCE(account.team_id, '') <> COALESCE(excluded.team_id, '')
    OR COALESCE(account.password_hash, '') <> COALESCE(excluded.password_hash, '')
    OR COALESCE(account.disabled_ms, -1) <> COALESCE(excluded.disabled_ms, -1)
