-- Notes what $2 changed at $1, in order. The caller holds the revision's row, so that numbers are
-- not taken twice.
INSERT INTO change (seq, at_ms, actor, action, subject, was, becomes)
SELECT
    (SELECT COALESCE(MAX(seq), 0) FROM change) + 1 + CAST(key AS BIGINT),
    CAST($1 AS BIGINT),
    CAST($2 AS TEXT),
    CAST(value ->> 'action' AS TEXT),
    CAST(value ->> 'subject' AS TEXT),
    CAST(value ->> 'was' AS TEXT),
    CAST(value ->> 'becomes' AS TEXT)
FROM jsonb_each($3)
