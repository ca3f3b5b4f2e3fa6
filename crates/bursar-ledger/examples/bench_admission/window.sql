-- A window of the bare loop's own, beside the ledger's.
INSERT INTO budget_window (
    id, budget_id, each_value, start_ms, end_ms, held_micro, spent_micro, spent_rest, refused, seq
)
SELECT $1, MIN(id), $1, 0, 1, 0, 0, 0, 0, 0 FROM budget
