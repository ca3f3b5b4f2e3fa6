-- How these windows stand.
SELECT
    w.id AS window_id, b.name AS budget, w.start_ms, w.end_ms, w.mode,
    w.limit_micro, w.held_micro, w.spent_micro, w.spent_rest
FROM budget_window AS w
JOIN budget AS b ON b.id = w.budget_id
WHERE w.id IN (SELECT key FROM jsonb_each($1))
