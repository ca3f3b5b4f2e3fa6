-- Keeps every window's row locked until the transaction ends.
BEGIN;
SELECT id FROM budget_window FOR UPDATE
