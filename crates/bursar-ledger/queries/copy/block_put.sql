-- Writes blocks that are not there yet.
INSERT INTO block (
    number, sealed_ms, previous, items, hash
)
SELECT
    CAST(value ->> 'number' AS BIGINT), CAST(value ->> 'sealed_ms' AS BIGINT),
    CAST(value ->> 'previous' AS TEXT), CAST(value ->> 'items' AS BIGINT),
    CAST(value ->> 'hash' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
