-- Takes those rows away again.
DELETE FROM usage_hour WHERE key_id LIKE 'many %'
