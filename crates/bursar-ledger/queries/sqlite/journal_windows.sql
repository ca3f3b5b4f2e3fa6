-- Writes down what ends or corrects calls, numbered from each window's last line. Before the windows
-- move.
INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest)
SELECT
    w.id,
    w.seq + CAST(value ->> 'n' AS BIGINT),
    CAST(value ->> 'call_id' AS TEXT),
    CAST(value ->> 'kind' AS TEXT),
    CAST(value ->> 'd_held' AS BIGINT),
    CAST(value ->> 'd_spent' AS BIGINT),
    CAST(value ->> 'd_rest' AS BIGINT)
FROM jsonb_each(?)
JOIN budget_window AS w ON w.id = CAST(value ->> 'window_id' AS TEXT)
