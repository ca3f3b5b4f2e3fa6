-- How these windows stand.
SELECT id AS window_id, budget_id, start_ms, end_ms, held_micro, spent_micro, spent_rest, seq
FROM budget_window
WHERE id IN (SELECT key FROM jsonb_each($1))
