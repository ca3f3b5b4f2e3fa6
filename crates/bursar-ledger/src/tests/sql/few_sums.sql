-- Takes those rows away again.
DELETE FROM usage_day WHERE value LIKE 'many %'
