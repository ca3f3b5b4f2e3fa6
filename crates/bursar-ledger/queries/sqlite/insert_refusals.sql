-- Keeps refusals, at most sixty per key and minute.
INSERT INTO refusal (
    key_id, minute_ms, slot, at_ms, reason, detail, team, project, user_id, operation, model,
    region, call_id, window_id
)
SELECT
    key_id, minute_ms, slot, at_ms, reason, detail, team, project, user_id, operation, model,
    region, call_id, window_id
FROM (
    SELECT
    CAST(value ->> 'key_id' AS TEXT) AS key_id,
    CAST(value ->> 'minute_ms' AS BIGINT) AS minute_ms,
    COALESCE((
        SELECT MAX(r.slot) + 1 FROM refusal AS r
        WHERE r.key_id = CAST(value ->> 'key_id' AS TEXT)
            AND r.minute_ms = CAST(value ->> 'minute_ms' AS BIGINT)
    ), 0) + CAST(value ->> 'slot' AS BIGINT) AS slot,
    CAST(value ->> 'at_ms' AS BIGINT) AS at_ms,
    CAST(value ->> 'reason' AS TEXT) AS reason,
    CAST(value ->> 'detail' AS TEXT) AS detail,
    CAST(value ->> 'team' AS TEXT) AS team,
    CAST(value ->> 'project' AS TEXT) AS project,
    CAST(value ->> 'user_id' AS TEXT) AS user_id,
    CAST(value ->> 'operation' AS TEXT) AS operation,
    CAST(value ->> 'model' AS TEXT) AS model,
    CAST(value ->> 'region' AS TEXT) AS region,
    CAST(value ->> 'call_id' AS TEXT) AS call_id,
    CAST(value ->> 'window_id' AS TEXT) AS window_id
    FROM jsonb_each(?)
) AS fresh
WHERE slot < 60
ON CONFLICT DO NOTHING
