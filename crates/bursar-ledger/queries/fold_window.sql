-- A window's balance beside the fold of its journal, the lines of open calls included; what is archived
-- of it is in its base.
SELECT
    w.held_micro, w.spent_micro, w.spent_rest, w.seq,
    CAST(COALESCE(MAX(b.held_micro), 0) + COALESCE(SUM(j.d_held), 0) AS BIGINT) AS journal_held,
    CAST(COALESCE(MAX(b.spent_micro), 0) + COALESCE(SUM(j.d_spent), 0) AS BIGINT)
        AS journal_spent,
    CAST(COALESCE(MAX(b.spent_rest), 0) + COALESCE(SUM(j.d_rest), 0) AS BIGINT) AS journal_rest,
    COALESCE(MAX(j.seq), MAX(b.seq), 0) AS journal_seq
FROM budget_window AS w
LEFT JOIN journal_base AS b ON b.window_id = w.id
LEFT JOIN (
    SELECT seq, d_held, d_spent, d_rest FROM journal WHERE window_id = $1
    UNION ALL
    SELECT seq, amount_micro, 0, 0 FROM hold_line WHERE window_id = $1
) AS j ON j.seq > COALESCE(b.seq, 0)
WHERE w.id = $1
GROUP BY w.id, w.held_micro, w.spent_micro, w.spent_rest, w.seq
