-- Sets the policy of a scope, or ends it.
INSERT INTO policy (scope, allows, set_ms, ended_ms)
VALUES ($1, $2, $3, $4)
ON CONFLICT (scope) DO UPDATE SET
    allows = excluded.allows, set_ms = excluded.set_ms, ended_ms = excluded.ended_ms
