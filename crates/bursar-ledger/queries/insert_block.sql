-- Adds a block, unless another process was first.
INSERT INTO block (number, sealed_ms, previous, items, hash)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
