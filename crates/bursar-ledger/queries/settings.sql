-- The revision, and each report tag beside it; one row without a tag when there is none.
SELECT r.revision, t.tag_key, t.since_ms
FROM ledger_revision AS r LEFT JOIN report_tag AS t ON true
ORDER BY t.tag_key
