-- What is known of the open calls whose facts hold a text.
SELECT facts FROM hold
WHERE facts LIKE $1
ORDER BY call_id
