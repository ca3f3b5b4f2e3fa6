-- Writes items of blocks that are not there yet.
INSERT INTO sealed (
    block, place, kind, subject, hashes
)
SELECT
    CAST(value ->> 'block' AS BIGINT), CAST(value ->> 'place' AS BIGINT),
    CAST(value ->> 'kind' AS TEXT), CAST(value ->> 'subject' AS TEXT),
    CAST(value ->> 'hashes' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
