-- Freezes a scope that is not frozen.
INSERT INTO frozen (id, scope, reason, frozen_by, frozen_ms)
VALUES ($1, $2, $3, $4, $5)
