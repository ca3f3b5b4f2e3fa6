-- Damages a window: what it holds is no longer what its lines say.
UPDATE budget_window SET held_micro = held_micro + 1
