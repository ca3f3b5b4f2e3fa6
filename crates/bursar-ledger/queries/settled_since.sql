-- How many calls have settled in each of these windows, and when their limit was first set: $1 the
-- windows by id.
SELECT
    w.id AS window_id, b.created_ms,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id AND j.kind = 'settle') AS settled
FROM jsonb_each($1) AS asked
JOIN budget_window AS w ON w.id = asked.key
JOIN budget AS b ON b.id = w.budget_id
ORDER BY w.id
