-- Writes refusals that are not there yet.
INSERT INTO refusal (
    key_id, minute_ms, slot, at_ms, reason, detail, team, project, user_id, operation, model,
    region, call_id, window_id
)
SELECT
    CAST(value ->> 'key_id' AS TEXT), CAST(value ->> 'minute_ms' AS BIGINT),
    CAST(value ->> 'slot' AS BIGINT), CAST(value ->> 'at_ms' AS BIGINT),
    CAST(value ->> 'reason' AS TEXT), CAST(value ->> 'detail' AS TEXT),
    CAST(value ->> 'team' AS TEXT), CAST(value ->> 'project' AS TEXT),
    CAST(value ->> 'user_id' AS TEXT), CAST(value ->> 'operation' AS TEXT),
    CAST(value ->> 'model' AS TEXT), CAST(value ->> 'region' AS TEXT),
    CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'window_id' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
