-- Takes those rows away again.
DELETE FROM usage_grain WHERE value LIKE 'many %'
