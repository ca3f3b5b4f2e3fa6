-- Whose hold a call has.
SELECT owner FROM hold WHERE call_id = $1
