-- Queues the latest change for the next block. The caller holds the revision's row.
INSERT INTO unsealed (kind, subject) SELECT 'change', CAST(MAX(seq) AS TEXT) FROM change
