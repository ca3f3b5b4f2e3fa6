-- The calls that started in [$1, $2), after $3, five hundred at most.
SELECT id, started_ms, tags FROM call
WHERE started_ms >= $1 AND started_ms < $2 AND id > $3
ORDER BY id LIMIT 500
