-- Adds up every window's journal as if all of it were archived, and keeps the lines.
INSERT INTO journal_base (window_id, seq, held_micro, spent_micro, spent_rest, settled)
SELECT
    window_id, MAX(seq), CAST(SUM(d_held) AS BIGINT), CAST(SUM(d_spent) AS BIGINT),
    CAST(SUM(d_rest) AS BIGINT), SUM(CASE WHEN kind = 'settle' THEN 1 ELSE 0 END)
FROM journal GROUP BY window_id
