-- When the first call started of those in [$1, $2).
SELECT MIN(started_ms) AS at_ms FROM call WHERE started_ms >= $1 AND started_ms < $2
