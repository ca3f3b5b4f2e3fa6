-- Corrections after $1, five thousand at most, and whether each is in a block or queued for one.
SELECT p.subject,
    EXISTS (SELECT 1 FROM sealed AS s WHERE s.kind = 'correction' AND s.subject = p.subject)
    OR EXISTS (
        SELECT 1 FROM unsealed AS u WHERE u.kind = 'correction' AND u.subject = p.subject
    ) AS kept
FROM (
    SELECT call_id AS subject FROM correction WHERE call_id > $1 ORDER BY call_id LIMIT 5000
) AS p
ORDER BY p.subject
