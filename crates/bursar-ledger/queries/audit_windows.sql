-- Windows after $1, a thousand at most, each beside what its lines and its journal add up to.
SELECT
    w.id AS window_id, w.held_micro, w.spent_micro, w.spent_rest, w.seq,
    (SELECT CAST(COALESCE(SUM(l.amount_micro), 0) AS BIGINT) FROM hold_line AS l
     WHERE l.window_id = w.id) AS lines_held,
    (SELECT CAST(COALESCE(SUM(j.d_held), 0) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id) AS journal_held,
    (SELECT CAST(COALESCE(SUM(j.d_spent), 0) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id) AS journal_spent,
    (SELECT CAST(COALESCE(SUM(j.d_rest), 0) AS BIGINT) FROM journal AS j
     WHERE j.window_id = w.id) AS journal_rest,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM journal AS j WHERE j.window_id = w.id) AS journal_rows
FROM budget_window AS w WHERE w.id > $1 ORDER BY w.id LIMIT 1000
