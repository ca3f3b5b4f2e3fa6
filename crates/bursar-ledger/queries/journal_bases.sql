-- What journals add up to below what is kept of them, after window $1, a thousand at most.
SELECT window_id, seq, held_micro, spent_micro, spent_rest, settled FROM journal_base
WHERE window_id > $1 ORDER BY window_id LIMIT 1000
