-- Queues calls that ended or were undone, and corrections, for the next block.
INSERT INTO unsealed (kind, subject)
SELECT CAST(value ->> 'kind' AS TEXT), CAST(value ->> 'subject' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
