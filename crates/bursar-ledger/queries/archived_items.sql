-- Items of blocks whose rows are archived with month $1, after ($2, $3), a thousand at most.
SELECT kind, subject, hashes FROM sealed
WHERE archived_ms = $1 AND (subject, kind) > (CAST($2 AS TEXT), CAST($3 AS TEXT))
ORDER BY subject, kind LIMIT 1000
