-- Writes months that are archived and are not there yet.
INSERT INTO archive (
    month_ms, state, place, summary
)
SELECT
    CAST(value ->> 'month_ms' AS BIGINT), CAST(value ->> 'state' AS TEXT),
    CAST(value ->> 'place' AS TEXT), CAST(value ->> 'summary' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
