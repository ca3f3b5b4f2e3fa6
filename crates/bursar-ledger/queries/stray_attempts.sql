-- Calls after $1 that have attempts, five thousand at most, and whether each is in a block or queued
-- for one.
SELECT p.subject,
    EXISTS (SELECT 1 FROM sealed AS s WHERE s.kind = 'call' AND s.subject = p.subject)
    OR EXISTS (SELECT 1 FROM unsealed AS u WHERE u.kind = 'call' AND u.subject = p.subject) AS kept
FROM (
    SELECT DISTINCT call_id AS subject FROM attempt WHERE call_id > $1 ORDER BY call_id LIMIT 5000
) AS p
ORDER BY p.subject
