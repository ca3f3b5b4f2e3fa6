-- How the counters of these limits stand in the windows that begin then: $1 the start by limit. Of a
-- limit's counters those that have used most, $2 of them at most.
SELECT window_id, budget_id, each_value, start_ms, end_ms, held_micro, spent_micro, spent_rest,
    refused
FROM (
    SELECT
        w.id AS window_id, w.budget_id, w.each_value, w.start_ms, w.end_ms, w.held_micro,
        w.spent_micro, w.spent_rest, w.refused,
        ROW_NUMBER() OVER (
            PARTITION BY w.budget_id ORDER BY w.spent_micro + w.held_micro DESC, w.each_value
        ) AS place
    FROM jsonb_each($1) AS asked
    JOIN budget_window AS w
        ON w.budget_id = asked.key AND w.start_ms = CAST(asked.value ->> 'start_ms' AS BIGINT)
) AS ranked
WHERE place <= $2
ORDER BY budget_id, place
