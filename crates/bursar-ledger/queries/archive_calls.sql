-- The calls that started in [$1, $2), after $3 and up to $4, five hundred at most. By the signs
-- before them, times do not tempt to read and sort a whole month for each page.
SELECT id, started_ms, tags FROM call
WHERE id > $3 AND id <= $4 AND + started_ms >= $1 AND + started_ms < $2
ORDER BY id LIMIT 500
