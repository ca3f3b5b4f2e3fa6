-- Writes freezes that are not there yet, and brings up to date those that are.
INSERT INTO frozen (
    id, scope, reason, frozen_by, frozen_ms, thawed_by, thawed_ms
)
SELECT
    CAST(value ->> 'id' AS TEXT),
    CAST(value ->> 'scope' AS TEXT),
    CAST(value ->> 'reason' AS TEXT),
    CAST(value ->> 'frozen_by' AS TEXT),
    CAST(value ->> 'frozen_ms' AS BIGINT),
    CAST(value ->> 'thawed_by' AS TEXT),
    CAST(value ->> 'thawed_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    thawed_by = excluded.thawed_by, thawed_ms = excluded.thawed_ms
WHERE COALESCE(frozen.thawed_ms, -1) <> COALESCE(excluded.thawed_ms, -1)
