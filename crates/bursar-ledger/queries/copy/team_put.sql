-- Writes teams that are not there yet, and brings up to date those that are.
INSERT INTO team (
    id, name, created_ms, ended_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'name' AS TEXT),
    CAST(value ->> 'created_ms' AS BIGINT),
    CAST(value ->> 'ended_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    ended_ms = excluded.ended_ms
WHERE COALESCE(team.ended_ms, -1) <> COALESCE(excluded.ended_ms, -1)
