-- The holds of one owner, a hundred at most.
SELECT call_id, owner FROM hold WHERE owner = $1 ORDER BY call_id LIMIT 100
