-- Notes who changed what. The caller holds the revision's row, so that numbers are not taken twice.
INSERT INTO change (seq, at_ms, actor, action, subject, was, becomes)
SELECT
    COALESCE(MAX(seq), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT),
    CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT)
FROM change
