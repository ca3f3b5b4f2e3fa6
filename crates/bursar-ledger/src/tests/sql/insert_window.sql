-- Makes the one window of budget $1, of mode $2 and limit $3.
INSERT INTO budget_window (
    id, budget_id, start_ms, end_ms, mode, limit_micro, held_micro, spent_micro, spent_rest, seq
)
VALUES ($1, $1, 0, 9000000000000, $2, $3, 0, 0, 0, 0)
