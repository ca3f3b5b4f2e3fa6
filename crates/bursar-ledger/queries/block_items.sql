-- The items of one block, in order.
SELECT item, kind, subject, hashes FROM sealed WHERE block = $1 ORDER BY item
