-- How these windows stand: $1 by id.
SELECT
    w.id AS window_id, w.budget_id, w.each_value, w.start_ms, w.end_ms, w.held_micro,
    w.spent_micro, w.spent_rest, w.refused
FROM jsonb_each($1) AS asked
JOIN budget_window AS w ON w.id = asked.key
ORDER BY w.id
