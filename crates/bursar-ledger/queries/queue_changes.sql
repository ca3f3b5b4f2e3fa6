-- Queues the latest $1 changes for the next block. The caller holds the revision's row.
INSERT INTO unsealed (kind, subject)
SELECT 'change', CAST(seq AS TEXT) FROM change
WHERE seq > (SELECT MAX(seq) FROM change) - CAST($1 AS BIGINT)
