-- Blocks after $1, a hundred at most.
SELECT number, sealed_ms, previous, items, hash FROM block WHERE number > $1
ORDER BY number LIMIT 100
