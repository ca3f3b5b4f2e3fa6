-- The next items of blocks after a key, whole rows.
SELECT * FROM sealed
WHERE (block, place) > ($1, $2)
ORDER BY block, place
LIMIT 500
