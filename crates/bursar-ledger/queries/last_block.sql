-- The last block.
SELECT number, sealed_ms, previous, items, hash FROM block ORDER BY number DESC LIMIT 1
