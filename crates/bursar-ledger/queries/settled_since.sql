-- How many calls have settled in each of these windows, and when their limit was first set: $1 the
-- windows by id.
SELECT
    w.id AS window_id, b.created_ms,
    COALESCE(base.settled, 0) + (
        SELECT CAST(COUNT(*) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id AND j.kind = 'settle' AND j.seq > COALESCE(base.seq, 0)
    ) AS settled
FROM jsonb_each($1) AS asked
JOIN budget_window AS w ON w.id = asked.key
JOIN budget AS b ON b.id = w.budget_id
LEFT JOIN journal_base AS base ON base.window_id = w.id
ORDER BY w.id
