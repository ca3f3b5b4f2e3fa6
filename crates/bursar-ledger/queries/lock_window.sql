-- Locks a window: nobody moves it until the transaction ends.
UPDATE budget_window SET seq = seq WHERE id = $1
