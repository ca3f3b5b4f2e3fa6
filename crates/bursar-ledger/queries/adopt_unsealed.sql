-- Queues for the next blocks whatever is in none and is not queued: rows that were copied, or that a
-- program wrote that knew no blocks.
INSERT INTO unsealed (kind, subject)
SELECT kind, subject FROM (
    SELECT 'call' AS kind, id AS subject FROM call
    UNION SELECT 'call', call_id FROM journal WHERE kind = 'void'
    UNION SELECT 'correction', call_id FROM correction
    UNION SELECT 'change', CAST(seq AS TEXT) FROM change
) AS written
WHERE NOT EXISTS (
    SELECT 1 FROM sealed AS s WHERE s.kind = written.kind AND s.subject = written.subject
)
ON CONFLICT DO NOTHING
