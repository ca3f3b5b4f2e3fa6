-- The session with this token's hash, and whose it is.
SELECT s.account_id, s.begun_ms, s.seen_ms, a.name, a.role, a.team_id, a.disabled_ms
FROM session AS s
JOIN account AS a ON a.id = s.account_id
WHERE s.token_hmac = $1
