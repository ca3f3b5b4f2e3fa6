-- The last by its id of the calls that started in [$1, $2).
SELECT MAX(id) AS id FROM call WHERE started_ms >= $1 AND started_ms < $2
