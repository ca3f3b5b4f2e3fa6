-- Takes over holds whose owner's lease has lapsed, a thousand at most, passing by those that
-- somebody is settling just now, and tells what is needed to settle them.
WITH lapsed AS MATERIALIZED (
    SELECT h.call_id FROM hold AS h
    WHERE h.owner <> $1 AND NOT EXISTS (
        SELECT 1 FROM owner AS o
        WHERE o.id = h.owner AND o.lease_ms > (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)
    )
    ORDER BY h.call_id LIMIT 1000
    FOR UPDATE OF h SKIP LOCKED
)
UPDATE hold SET owner = $1, epoch = hold.epoch + 1
FROM lapsed WHERE hold.call_id = lapsed.call_id
RETURNING
    hold.call_id, hold.held_micro, hold.checkpoint_pico, hold.facts,
    (SELECT CAST(COALESCE(
        jsonb_object_agg(l.key, jsonb_build_array(b.unit, CAST(l.value ->> 1 AS BIGINT))), '{}'
     ) AS TEXT)
     FROM jsonb_each(hold.lines) AS l
     JOIN budget_window AS w ON w.id = l.key
     JOIN budget AS b ON b.id = w.budget_id) AS lines
