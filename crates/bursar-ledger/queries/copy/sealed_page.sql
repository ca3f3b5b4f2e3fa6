-- The next items of blocks after a key, whole rows.
SELECT * FROM sealed
WHERE (block, item) > ($1, $2)
ORDER BY block, item
LIMIT 500
