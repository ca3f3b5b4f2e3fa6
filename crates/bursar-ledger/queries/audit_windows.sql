-- Windows after $1, a thousand at most, each beside what its open holds and its journal add up to. What
-- is archived of a journal is in its base.
WITH open AS (
    SELECT
        l.window_id,
        CAST(SUM(l.amount_micro) AS BIGINT) AS held,
        CAST(SUM(CASE WHEN l.seq > COALESCE(b.seq, 0) THEN l.amount_micro ELSE 0 END) AS BIGINT)
            AS held_since,
        CAST(SUM(CASE WHEN l.seq > COALESCE(b.seq, 0) THEN 1 ELSE 0 END) AS BIGINT) AS rows_since
    FROM hold_line AS l
    LEFT JOIN journal_base AS b ON b.window_id = l.window_id
    GROUP BY l.window_id
)
SELECT
    w.id AS window_id, w.held_micro, w.spent_micro, w.spent_rest, w.seq,
    COALESCE(o.held, 0) AS lines_held,
    COALESCE(b.held_micro, 0) + COALESCE(o.held_since, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_held), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id AND j.seq > COALESCE(b.seq, 0)
    ) AS journal_held,
    COALESCE(b.spent_micro, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_spent), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id AND j.seq > COALESCE(b.seq, 0)
    ) AS journal_spent,
    COALESCE(b.spent_rest, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_rest), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id AND j.seq > COALESCE(b.seq, 0)
    ) AS journal_rest,
    COALESCE(b.seq, 0) + COALESCE(o.rows_since, 0) + (
        SELECT CAST(COUNT(*) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id AND j.seq > COALESCE(b.seq, 0)
    ) AS journal_rows
FROM budget_window AS w
LEFT JOIN journal_base AS b ON b.window_id = w.id
LEFT JOIN open AS o ON o.window_id = w.id
WHERE w.id > $1 ORDER BY w.id LIMIT 1000
