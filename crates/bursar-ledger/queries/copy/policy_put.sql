-- Writes policies that are not there yet, and brings up to date those that are.
INSERT INTO policy (
    scope, allows, set_ms, ended_ms
)
SELECT
    CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'allows' AS TEXT),
    CAST(value ->> 'set_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (scope) DO UPDATE SET
    allows = excluded.allows,
    set_ms = excluded.set_ms,
    ended_ms = excluded.ended_ms
WHERE (
    policy.allows,
    policy.set_ms,
    COALESCE(policy.ended_ms, -1)
) <> (
    excluded.allows,
    excluded.set_ms,
    COALESCE(excluded.ended_ms, -1)
)
