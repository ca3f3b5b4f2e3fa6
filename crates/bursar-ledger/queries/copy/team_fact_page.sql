-- The next teams' facts after a key, whole rows.
SELECT * FROM team_fact
WHERE (team_id, since_ms) > ($1, $2)
ORDER BY team_id, since_ms
LIMIT 500
