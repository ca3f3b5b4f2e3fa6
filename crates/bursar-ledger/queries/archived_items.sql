-- Items of blocks whose rows are archived with month $1, or are to be: those of the calls that started
-- until $2. After ($3, $4), a thousand at most.
SELECT kind, subject, hashes FROM (
    SELECT * FROM (
        SELECT kind, subject, hashes FROM sealed
        WHERE archived_ms = $1 AND (subject, kind) > (CAST($3 AS TEXT), CAST($4 AS TEXT))
        ORDER BY subject, kind LIMIT 1000
    ) AS gone
    UNION ALL
    SELECT * FROM (
        SELECT s.kind, s.subject, s.hashes
        FROM call AS c
        JOIN sealed AS s ON s.subject = c.id AND s.kind IN ('call', 'correction')
        WHERE c.started_ms >= $1 AND c.started_ms < $2 AND c.id >= $3
            AND (s.subject, s.kind) > (CAST($3 AS TEXT), CAST($4 AS TEXT))
        ORDER BY s.subject, s.kind LIMIT 1000
    ) AS kept
) AS item
ORDER BY subject, kind LIMIT 1000
