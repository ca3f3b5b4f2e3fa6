-- Windows after $1, a thousand at most, each beside what its open holds and its journal add up to.
WITH open AS (
    SELECT
        window_id,
        CAST(SUM(amount_micro) AS BIGINT) AS held,
        CAST(COUNT(*) AS BIGINT) AS line_count
    FROM hold_line GROUP BY window_id
)
SELECT
    w.id AS window_id, w.held_micro, w.spent_micro, w.spent_rest, w.seq,
    COALESCE(o.held, 0) AS lines_held,
    COALESCE(o.held, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_held), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = w.id
    ) AS journal_held,
    (SELECT CAST(COALESCE(SUM(j.d_spent), 0) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id) AS journal_spent,
    (SELECT CAST(COALESCE(SUM(j.d_rest), 0) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id) AS journal_rest,
    COALESCE(o.line_count, 0) + (
        SELECT CAST(COUNT(*) AS BIGINT) FROM journal AS j WHERE j.window_id = w.id
    ) AS journal_rows
FROM budget_window AS w
LEFT JOIN open AS o ON o.window_id = w.id
WHERE w.id > $1 ORDER BY w.id LIMIT 1000
