-- The revision and the latest time, and each report tag beside them; one row without a tag when
-- there is none.
SELECT r.revision, k.latest_ms, t.tag_key, t.since_ms
FROM ledger_revision AS r
JOIN ledger_clock AS k ON k.id = r.id
LEFT JOIN report_tag AS t ON true
ORDER BY t.tag_key
