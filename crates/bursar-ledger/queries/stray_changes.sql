-- Changes by the text of their number after $1, five thousand at most, and whether each is in a block
-- or queued for one.
SELECT p.subject,
    EXISTS (SELECT 1 FROM sealed AS s WHERE s.kind = 'change' AND s.subject = p.subject)
    OR EXISTS (SELECT 1 FROM unsealed AS u WHERE u.kind = 'change' AND u.subject = p.subject) AS kept
FROM (
    SELECT CAST(seq AS TEXT) AS subject FROM change
    WHERE CAST(seq AS TEXT) > $1 ORDER BY CAST(seq AS TEXT) LIMIT 5000
) AS p
ORDER BY p.subject
