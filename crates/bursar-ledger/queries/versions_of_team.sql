-- Which model versions answered, of the last $5 calls of the team $3 in [$1, $2), and of the user $4,
-- '' for any: by model, version, how it is known, and team.
SELECT
    model, model_version, version_evidence, team,
    COUNT(*) AS calls,
    CAST(MIN(started_ms) AS BIGINT) AS first_ms,
    CAST(MAX(started_ms) AS BIGINT) AS last_ms
FROM (
    SELECT model, model_version, version_evidence, COALESCE(team, '') AS team, started_ms
    FROM call
    WHERE started_ms >= $1 AND started_ms < $2
        AND team = $3 AND (CAST($4 AS TEXT) = '' OR user_id = $4)
    ORDER BY started_ms DESC, id DESC
    LIMIT $5
) AS page
GROUP BY model, model_version, version_evidence, team
ORDER BY model, last_ms DESC, model_version, version_evidence, team
