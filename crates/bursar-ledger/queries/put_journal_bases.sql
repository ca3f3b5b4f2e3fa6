-- Adds up the journal of these windows, lines of open calls among it, each as far as is said ($1 by
-- window), fifty thousand lines of each at most.
INSERT INTO journal_base (window_id, seq, held_micro, spent_micro, spent_rest, settled)
SELECT
    j.window_id, MAX(j.seq),
    CAST(COALESCE(MAX(b.held_micro), 0) + SUM(j.d_held) AS BIGINT),
    CAST(COALESCE(MAX(b.spent_micro), 0) + SUM(j.d_spent) AS BIGINT),
    CAST(COALESCE(MAX(b.spent_rest), 0) + SUM(j.d_rest) AS BIGINT),
    CAST(
        COALESCE(MAX(b.settled), 0) + SUM(CASE WHEN j.kind = 'settle' THEN 1 ELSE 0 END) AS BIGINT
    )
FROM (
    SELECT l.window_id, l.seq, l.kind, l.d_held, l.d_spent, l.d_rest
    FROM jsonb_each($1) AS border
    LEFT JOIN journal_base AS b ON b.window_id = border.key
    JOIN journal AS l ON l.window_id = border.key AND l.seq > COALESCE(b.seq, 0)
        AND l.seq <= COALESCE(b.seq, 0) + 50000
        AND l.seq <= CAST(CAST(border.value AS TEXT) AS BIGINT)
    UNION ALL
    SELECT l.window_id, l.seq, 'hold', l.amount_micro, 0, 0
    FROM hold_line AS l
    JOIN jsonb_each($1) AS border ON border.key = l.window_id
    LEFT JOIN journal_base AS b ON b.window_id = l.window_id
    WHERE l.seq > COALESCE(b.seq, 0) AND l.seq <= COALESCE(b.seq, 0) + 50000
        AND l.seq <= CAST(CAST(border.value AS TEXT) AS BIGINT)
) AS j
LEFT JOIN journal_base AS b ON b.window_id = j.window_id
WHERE true
GROUP BY j.window_id
ON CONFLICT (window_id) DO UPDATE SET
    seq = excluded.seq, held_micro = excluded.held_micro, spent_micro = excluded.spent_micro,
    spent_rest = excluded.spent_rest, settled = excluded.settled
