-- What a window's journal says of its calls, in order.
SELECT kind FROM journal WHERE window_id = $1 ORDER BY seq
