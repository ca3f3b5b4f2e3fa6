-- The month that call $1 is archived with.
SELECT archived_ms AS month_ms FROM sealed
WHERE kind = 'call' AND subject = $1 AND archived_ms IS NOT NULL
