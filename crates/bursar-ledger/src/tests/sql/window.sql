-- How window $1 stands.
SELECT held_micro, spent_micro, spent_rest, refused FROM budget_window WHERE id = $1
