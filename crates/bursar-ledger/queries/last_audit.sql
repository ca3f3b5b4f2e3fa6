-- What the last audit found.
SELECT ended_ms, findings, calls, holds FROM last_audit WHERE id = 1
