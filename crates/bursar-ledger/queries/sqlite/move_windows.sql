-- Moves the balances of windows, by one sum for each. `d_rest` is 0..999999, so at most one
-- micro-dollar is carried.
UPDATE budget_window SET
    held_micro = held_micro + d.held,
    spent_micro = spent_micro + d.spent + (spent_rest + d.rest) / 1000000,
    spent_rest = (spent_rest + d.rest) % 1000000,
    seq = seq + d.n,
    refused = budget_window.refused + d.refused
FROM (
    SELECT
        key AS id,
        CAST(value ->> 'd_held' AS BIGINT) AS held,
        CAST(value ->> 'd_spent' AS BIGINT) AS spent,
        CAST(value ->> 'd_rest' AS BIGINT) AS rest,
        CAST(value ->> 'n' AS BIGINT) AS n,
        CAST(value ->> 'refused' AS BIGINT) AS refused
    FROM jsonb_each(?)
) AS d
WHERE budget_window.id = d.id
