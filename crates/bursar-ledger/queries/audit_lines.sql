-- Hold lines that have no hold or another amount than it, and holds of calls that have ended; a
-- hundred at most.
SELECT l.call_id, l.amount_micro AS found, h.held_micro AS expected
FROM hold_line AS l LEFT JOIN hold AS h ON h.call_id = l.call_id
WHERE h.call_id IS NULL OR COALESCE(h.held_micro, 0) <> l.amount_micro
UNION ALL
SELECT h.call_id, h.held_micro AS found, CAST(NULL AS BIGINT) AS expected
FROM hold AS h JOIN call AS c ON c.id = h.call_id
LIMIT 100
