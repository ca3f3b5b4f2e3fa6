-- The windows after $3 whose journal is not added up as far as the calls go that started in [$1, $2),
-- a hundred at most: how far it is, and how far they go. A window that ended before $2 holds no
-- others; in any other one their last line is looked for.
SELECT window_id, seq, base_seq FROM (
    SELECT
        w.id AS window_id, COALESCE(b.seq, 0) AS base_seq,
        CASE WHEN w.end_ms <= $2 THEN w.seq ELSE COALESCE((
            SELECT MAX(j.seq) FROM journal AS j JOIN call AS c ON c.id = j.call_id
            WHERE j.window_id = w.id AND c.started_ms >= $1 AND c.started_ms < $2
        ), 0) END AS seq
    FROM budget_window AS w LEFT JOIN journal_base AS b ON b.window_id = w.id
    WHERE w.id > $3
) AS border
WHERE seq > base_seq
ORDER BY window_id LIMIT 100
