-- The windows that call $1 was admitted in: its limit as it was last set before time $2, how the
-- window stood just before (the journal, folded so far), what was held there for the call, and what
-- the call has added since. Where lines beside its own are archived, that cannot be told.
SELECT
    b.id, b.scope, b.each_of, b.unit, b.span, b.time_zone, b.mode, b.on_limit, b.limit_micro,
    (SELECT c.becomes FROM change AS c
     WHERE c.action = 'limit set' AND c.becomes LIKE '{"id":"' || b.id || '",%' AND c.at_ms <= $2
     ORDER BY c.seq DESC LIMIT 1) AS set_then,
    w.id AS window_id, w.each_value, w.start_ms, w.end_ms, h.d_held AS asked_micro,
    COALESCE(base.held_micro, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_held), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = h.window_id AND j.seq > COALESCE(base.seq, 0) AND j.seq < h.seq
    ) + (
        SELECT CAST(COALESCE(SUM(l.amount_micro), 0) AS BIGINT) FROM hold_line AS l
        WHERE l.window_id = h.window_id AND l.seq > COALESCE(base.seq, 0) AND l.seq < h.seq
    ) AS held_micro,
    COALESCE(base.spent_micro, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_spent), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = h.window_id AND j.seq > COALESCE(base.seq, 0) AND j.seq < h.seq
    ) AS spent_micro,
    COALESCE(base.spent_rest, 0) + (
        SELECT CAST(COALESCE(SUM(j.d_rest), 0) AS BIGINT) FROM journal AS j
        WHERE j.window_id = h.window_id AND j.seq > COALESCE(base.seq, 0) AND j.seq < h.seq
    ) AS spent_rest,
    (SELECT CAST(COALESCE(SUM(j.d_spent), 0) AS BIGINT) FROM journal AS j
     WHERE j.call_id = h.call_id AND j.window_id = h.window_id) AS added_micro,
    (SELECT CAST(COALESCE(SUM(j.d_rest), 0) AS BIGINT) FROM journal AS j
     WHERE j.call_id = h.call_id AND j.window_id = h.window_id) AS added_rest
FROM (
    SELECT window_id, seq, call_id, d_held FROM journal WHERE call_id = $1 AND kind = 'hold'
    UNION ALL
    SELECT window_id, seq, call_id, amount_micro FROM hold_line WHERE call_id = $1
) AS h
JOIN budget_window AS w ON w.id = h.window_id
JOIN budget AS b ON b.id = w.budget_id
LEFT JOIN journal_base AS base ON base.window_id = w.id
WHERE h.seq > COALESCE(base.seq, 0)
ORDER BY w.id
