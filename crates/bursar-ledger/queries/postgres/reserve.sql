-- Admits a group of calls, all or none: locks their windows in order, decides on the locked rows,
-- then writes holds with their lines, and balances. Calls of the mode `drained` were admitted while
-- the ledger was away, and are held whatever there is room for, in the windows of that time. $1 holds
-- by call, $2 their lines by window (number, what is held, what is held up to it, whether it is
-- bounded), $3 sums by window, each beside its limit, $4 the revision that the limits are of. Tells
-- the verdict, the time that windows are chosen by, and the windows.
WITH moment AS MATERIALIZED (
    SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms
),
want AS MATERIALIZED (
    SELECT
        key AS id,
        CAST(value ->> 'd_held' AS BIGINT) AS amount,
        CAST(value ->> 'bounded' AS BOOLEAN) AS bounded,
        CAST(value ->> 'n' AS BIGINT) AS n,
        CAST(value ->> 'mode' AS TEXT) AS mode,
        CAST(value ->> 'limit_micro' AS BIGINT) AS limit_micro
    FROM jsonb_each($3)
),
locked AS MATERIALIZED (
    SELECT
        w.*, want.amount, want.bounded, want.n, want.mode, want.limit_micro,
        -- What is left of the limit once all that is open has settled.
        want.limit_micro - w.spent_micro - (CASE WHEN w.spent_rest > 0 THEN 1 ELSE 0 END)
            - w.held_micro AS room
    FROM budget_window AS w JOIN want ON want.id = w.id
    ORDER BY w.id
    FOR NO KEY UPDATE OF w
),
verdict AS MATERIALIZED (
    SELECT
        (SELECT revision FROM ledger_revision) AS revision,
        EXISTS (
            SELECT 1 FROM call WHERE call.id = ANY (ARRAY(SELECT key FROM jsonb_each($1)))
        ) AS known,
        COUNT(*) = (SELECT COUNT(*) FROM want) AND COALESCE(BOOL_AND(
            mode <> 'hard' OR (bounded AND amount <= room)
        ), true) AS fits,
        COALESCE(BOOL_AND(
            mode = 'drained' OR (
                (SELECT now_ms FROM moment) >= start_ms AND (SELECT now_ms FROM moment) < end_ms
            )
        ), true) AS timely
    FROM locked
),
go AS MATERIALIZED (
    SELECT 1 FROM verdict WHERE fits AND timely AND NOT known AND revision = $4
),
asked AS MATERIALIZED (
    SELECT
        c.key AS call_id,
        l.key AS window_id,
        CAST(l.value ->> 0 AS BIGINT) AS n,
        CAST(l.value ->> 1 AS BIGINT) AS held,
        CAST(l.value ->> 2 AS BIGINT) AS sum_held,
        CAST(l.value ->> 3 AS BOOLEAN) AS bounded
    FROM jsonb_each($2) AS c, jsonb_each(c.value) AS l
),
lines AS MATERIALIZED (
    SELECT
        a.call_id,
        jsonb_object_agg(l.id, jsonb_build_array(
            l.seq + a.n, a.held, CASE WHEN l.mode = 'hard' THEN l.limit_micro END
        )) AS lines
    FROM asked AS a JOIN locked AS l ON l.id = a.window_id
    GROUP BY a.call_id
),
holds AS (
    INSERT INTO hold (call_id, owner, epoch, started_ms, held_micro, facts, lines)
    SELECT
        key,
        CAST(value ->> 'owner' AS TEXT),
        CAST(value ->> 'epoch' AS BIGINT),
        CAST(value ->> 'started_ms' AS BIGINT),
        CAST(value ->> 'held_micro' AS BIGINT),
        CAST(value ->> 'facts' AS TEXT),
        lines.lines
    FROM jsonb_each($1) LEFT JOIN lines ON lines.call_id = key, go
),
moved AS (
    UPDATE budget_window AS w
    SET
        held_micro = w.held_micro + l.amount,
        seq = w.seq + l.n,
        refused = w.refused + CASE WHEN l.mode <> 'shadow' THEN 0 ELSE (
            SELECT COUNT(*) FROM asked AS a
            WHERE a.window_id = l.id AND (NOT a.bounded OR a.sum_held > l.room)
        ) END
    FROM locked AS l, go
    WHERE w.id = l.id
)
SELECT
    EXISTS (SELECT 1 FROM go) AS admitted, v.known, v.revision, v.timely,
    (SELECT now_ms FROM moment) AS now_ms,
    l.id AS window_id, l.budget_id, l.start_ms, l.end_ms,
    l.held_micro, l.spent_micro, l.spent_rest
FROM verdict AS v
LEFT JOIN locked AS l ON true
