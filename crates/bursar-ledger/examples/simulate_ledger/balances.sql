-- How every window stands.
SELECT id, held_micro, spent_micro, spent_rest FROM budget_window ORDER BY id
