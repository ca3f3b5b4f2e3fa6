-- Takes the table of windows, as a call does that moves one.
BEGIN;
LOCK TABLE budget_window IN ROW EXCLUSIVE MODE
