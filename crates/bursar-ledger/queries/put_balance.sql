-- Sets a window's balance.
UPDATE budget_window SET held_micro = $2, spent_micro = $3, spent_rest = $4, seq = $5 WHERE id = $1
