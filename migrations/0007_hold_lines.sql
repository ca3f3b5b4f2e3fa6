-- A hold says itself in which windows it is held: one row for a call that is open, however many
-- limits count it. Its lines come into the journal when it ends, beside those that end it.

-- By window: the line's number in the window's journal, what is held, and the hard limit that it was
-- judged by. NULL where no limit counts the call.
ALTER TABLE hold ADD COLUMN lines JSONB;

UPDATE hold SET lines = (
    SELECT jsonb('{' || string_agg(
        '"' || replace(replace(j.window_id, '\', '\\'), '"', '\"') || '":[' || j.seq || ',' || j.d_held
            || ',' || COALESCE(CAST(j.limit_micro AS TEXT), 'null') || ']', ','
    ) || '}')
    FROM journal AS j WHERE j.call_id = hold.call_id AND j.kind = 'hold'
);

DELETE FROM journal
WHERE kind = 'hold' AND call_id IN (SELECT call_id FROM hold WHERE lines IS NOT NULL);

DROP TABLE hold_line;

-- What open calls hold in which window.
CREATE VIEW hold_line AS
SELECT
    h.call_id,
    l.key AS window_id,
    CAST(l.value ->> 0 AS BIGINT) AS seq,
    CAST(l.value ->> 1 AS BIGINT) AS amount_micro,
    CAST(l.value ->> 2 AS BIGINT) AS limit_micro
FROM hold AS h, jsonb_each(h.lines) AS l;

-- All lines there are: of calls that have ended, and of those that are open.
CREATE VIEW journal_line AS
SELECT window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro FROM journal
UNION ALL
SELECT window_id, seq, call_id, 'hold', amount_micro, 0, 0, limit_micro FROM hold_line;

UPDATE ledger_meta SET version = 7;
