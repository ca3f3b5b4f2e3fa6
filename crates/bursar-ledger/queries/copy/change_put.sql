-- Writes changes that people made that are not there yet.
INSERT INTO change (
    seq, at_ms, actor, action, subject, was, becomes
)
SELECT
    CAST(value ->> 'seq' AS BIGINT),
    CAST(value ->> 'at_ms' AS BIGINT),
    CAST(value ->> 'actor' AS TEXT),
    CAST(value ->> 'action' AS TEXT),
    CAST(value ->> 'subject' AS TEXT),
    CAST(value ->> 'was' AS TEXT),
    CAST(value ->> 'becomes' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
