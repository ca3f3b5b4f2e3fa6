-- Holds one call where the limit has room, and makes its intent durable, in one statement.
WITH moved AS (
    UPDATE budget_window SET held_micro = held_micro + $2, seq = seq + 1
    WHERE id = $1 AND spent_micro + held_micro + $2 <= $3
    RETURNING id
)
INSERT INTO hold (call_id, owner, epoch, started_ms, held_micro, facts)
SELECT $4, 'bare', 1, 0, $2, $5 FROM moved
