-- The last refusals of a window, for why a limit refuses: read by its window, not looked for among all.
CREATE INDEX refusal_window ON refusal (window_id, at_ms) WHERE window_id IS NOT NULL;

UPDATE ledger_meta SET version = 16;
