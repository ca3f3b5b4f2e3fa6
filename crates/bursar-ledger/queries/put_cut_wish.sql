-- Wishes an open call cut. The first wish stands.
INSERT INTO cut_wish (call_id, reason, wished_by, wished_ms)
SELECT call_id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT)
FROM hold WHERE call_id = $1
ON CONFLICT (call_id) DO NOTHING
