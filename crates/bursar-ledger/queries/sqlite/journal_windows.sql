-- Writes down changes of windows, numbered from each window's last one, a hold beside the hard limit
-- that it was judged by. Before the windows move.
INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro)
SELECT
    w.id,
    w.seq + CAST(value ->> 'n' AS BIGINT),
    CAST(value ->> 'call_id' AS TEXT),
    CAST(value ->> 'kind' AS TEXT),
    CAST(value ->> 'd_held' AS BIGINT),
    CAST(value ->> 'd_spent' AS BIGINT),
    CAST(value ->> 'd_rest' AS BIGINT),
    CASE WHEN value ->> 'kind' = 'hold' AND b.mode = 'hard' THEN b.limit_micro END
FROM jsonb_each($1)
JOIN budget_window AS w ON w.id = CAST(value ->> 'window_id' AS TEXT)
JOIN budget AS b ON b.id = w.budget_id
