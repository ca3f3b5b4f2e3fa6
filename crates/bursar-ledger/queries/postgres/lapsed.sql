-- Whether any hold's owner has let its lease lapse.
SELECT EXISTS (
    SELECT 1 FROM hold AS h WHERE NOT EXISTS (
        SELECT 1 FROM owner AS o
        WHERE o.id = h.owner AND o.lease_ms > (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)
    )
) AS lapsed
