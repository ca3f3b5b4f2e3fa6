-- The months that items of blocks are archived with.
SELECT DISTINCT archived_ms AS month_ms FROM sealed WHERE archived_ms IS NOT NULL ORDER BY 1
