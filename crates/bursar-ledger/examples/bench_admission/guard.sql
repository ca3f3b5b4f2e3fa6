-- Raises what a window holds, where its limit has room: the one statement that a guard needs.
UPDATE budget_window SET held_micro = held_micro + $2, seq = seq + $4
WHERE id = $1 AND spent_micro + held_micro + $2 <= $3
