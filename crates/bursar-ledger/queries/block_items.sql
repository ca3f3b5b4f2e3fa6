-- The items of one block, in order.
SELECT place, kind, subject, hashes, archived_ms FROM sealed WHERE block = $1 ORDER BY place
