-- Lines of holds that say another amount than it, and holds of calls that have ended; a hundred at
-- most. (What a hold sets aside in tokens is only in its lines.)
SELECT l.call_id, l.amount_micro AS found, h.held_micro AS expected
FROM hold_line AS l
JOIN budget_window AS w ON w.id = l.window_id
JOIN budget AS b ON b.id = w.budget_id
JOIN hold AS h ON h.call_id = l.call_id
WHERE (b.unit = 'usd' AND COALESCE(h.held_micro, 0) <> l.amount_micro)
    OR (b.unit IN ('requests', 'concurrent') AND l.amount_micro <> 1000000)
UNION ALL
SELECT h.call_id, h.held_micro AS found, CAST(NULL AS BIGINT) AS expected
FROM hold AS h JOIN call AS c ON c.id = h.call_id
LIMIT 100
