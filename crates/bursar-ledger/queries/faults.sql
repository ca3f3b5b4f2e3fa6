-- Errors that calls ended with, by code and status, the most frequent first, with what the last call
-- of each said: of the last $6 calls in [$1, $2), and of these of the team $3, the user $4 and the
-- model $5, '' for any.
SELECT
    kinds.code, kinds.status, kinds.calls, last.id AS call_id, last.started_ms, last.ended_ms,
    last.model, last.operation, last.region, COALESCE(last.error_message, '') AS message,
    last.attempts
FROM (
    SELECT code, status, COUNT(*) AS calls, MAX(id) AS last_id
    FROM (
        SELECT
            id, COALESCE(error_code, '') AS code, COALESCE(http_status, 0) AS status, outcome,
            COALESCE(team, '') AS team, COALESCE(user_id, '') AS user_id, model
        FROM call
        WHERE started_ms >= $1 AND started_ms < $2
        ORDER BY started_ms DESC, id DESC
        LIMIT $6
    ) AS page
    WHERE outcome IN ('rejected', 'throttled', 'failed')
        AND (CAST($3 AS TEXT) = '' OR team = $3) AND (CAST($4 AS TEXT) = '' OR user_id = $4)
        AND (CAST($5 AS TEXT) = '' OR model = $5)
    GROUP BY code, status
) AS kinds
JOIN call AS last ON last.id = kinds.last_id
ORDER BY kinds.calls DESC, kinds.code, kinds.status
LIMIT 50
