-- Items of blocks whose rows are archived with month $1, or are to be: those of the calls that started
-- until $2, the last of which is $5. After ($3, $4), a thousand at most; each call has one at least.
SELECT kind, subject, hashes FROM (
    SELECT * FROM (
        SELECT kind, subject, hashes FROM sealed
        WHERE archived_ms = $1 AND (subject, kind) > (CAST($3 AS TEXT), CAST($4 AS TEXT))
        ORDER BY subject, kind LIMIT 1000
    ) AS gone
    UNION ALL
    SELECT s.kind, s.subject, s.hashes
    FROM (
        SELECT id FROM call
        WHERE id >= $3 AND id <= $5 AND + started_ms >= $1 AND + started_ms < $2
        ORDER BY id LIMIT 1001
    ) AS page
    JOIN sealed AS s ON s.subject = page.id AND s.kind IN ('call', 'correction')
    WHERE (s.subject, s.kind) > (CAST($3 AS TEXT), CAST($4 AS TEXT))
) AS item
ORDER BY subject, kind LIMIT 1000
