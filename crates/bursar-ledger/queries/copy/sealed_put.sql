-- Writes items of blocks that are not there yet.
INSERT INTO sealed (
    block, place, kind, subject, hashes, archived_ms
)
SELECT
    CAST(value ->> 'block' AS BIGINT), CAST(value ->> 'place' AS BIGINT),
    CAST(value ->> 'kind' AS TEXT), CAST(value ->> 'subject' AS TEXT),
    CAST(value ->> 'hashes' AS TEXT), CAST(value ->> 'archived_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
