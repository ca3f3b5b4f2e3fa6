-- Where a call stands in the list of calls.
SELECT started_ms FROM call WHERE id = $1
