-- Whom calls are refused for now.
SELECT id, scope, reason, frozen_by, frozen_ms
FROM frozen WHERE thawed_ms IS NULL
ORDER BY frozen_ms, id
