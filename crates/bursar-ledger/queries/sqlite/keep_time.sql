-- Keeps the latest time that windows were chosen by.
UPDATE ledger_clock SET latest_ms = $1 WHERE latest_ms < $1
