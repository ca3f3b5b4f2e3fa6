-- Makes this process known for thirty seconds, with the lowest shard that nobody alive adds to.
INSERT INTO owner (id, shard, lease_ms, started_ms)
SELECT
    CAST($1 AS TEXT), free.shard,
    CAST((EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) + 30000,
    CAST((EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)
FROM (
    SELECT MIN(s.shard) AS shard
    FROM (SELECT CAST(0 AS BIGINT) AS shard UNION ALL SELECT shard + 1 FROM owner) AS s
    WHERE NOT EXISTS (
        SELECT 1 FROM owner AS o
        WHERE o.shard = s.shard AND o.lease_ms > (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)
    )
) AS free
ON CONFLICT (id) DO UPDATE SET lease_ms = excluded.lease_ms
RETURNING shard
