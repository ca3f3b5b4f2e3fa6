-- Holds whose owner's lease lapsed a minute ago or longer, and those that were taken over to be
-- settled and were not; a hundred at most.
SELECT h.call_id, h.owner FROM hold AS h WHERE h.epoch > 1 OR NOT EXISTS (
    SELECT 1 FROM owner AS o
    WHERE o.id = h.owner AND o.lease_ms > (EXTRACT(EPOCH FROM clock_timestamp()) * 1000) - 60000
)
ORDER BY h.call_id LIMIT 100
