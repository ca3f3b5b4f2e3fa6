-- Every API token, or only the one with id $1, and whose it is.
SELECT
    t.id, t.account_id, t.name, t.may_change, t.secret_hmac, t.created_ms, t.expires_ms, t.used_ms,
    t.revoked_ms, a.name AS account_name, a.role, a.team_id, a.disabled_ms
FROM api_token AS t
JOIN account AS a ON a.id = t.account_id
WHERE CAST($1 AS TEXT) IS NULL OR t.id = $1
ORDER BY t.created_ms, t.id
