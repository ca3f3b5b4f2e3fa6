-- Notes that an audit ended at $1 with $2 findings, and that it looked at $3 calls and $4 holds; not
-- over one that ended later.
INSERT INTO last_audit (id, ended_ms, findings, calls, holds) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET
    ended_ms = excluded.ended_ms, findings = excluded.findings, calls = excluded.calls,
    holds = excluded.holds
WHERE last_audit.ended_ms <= excluded.ended_ms
