-- Brings the lines of holds that end into the journal, before the holds go.
INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro)
SELECT l.window_id, l.seq, l.call_id, 'hold', l.amount_micro, 0, 0, l.limit_micro
FROM hold_line AS l
WHERE l.call_id IN (SELECT key FROM jsonb_each($1))
