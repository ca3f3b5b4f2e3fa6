-- Makes one hour of those two.
UPDATE usage_hour SET hour_ms = 3600000 WHERE key_id LIKE 'many %'
