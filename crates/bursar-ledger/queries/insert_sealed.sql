-- Writes down the items of block $1.
INSERT INTO sealed (block, place, kind, subject, hashes)
SELECT
    CAST($1 AS BIGINT),
    CAST(value ->> 'place' AS BIGINT),
    CAST(value ->> 'kind' AS TEXT),
    CAST(value ->> 'subject' AS TEXT),
    CAST(value ->> 'hashes' AS TEXT)
FROM jsonb_each($2)
