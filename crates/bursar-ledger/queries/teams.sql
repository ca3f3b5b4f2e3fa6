-- Every team with what is said of it now, by name.
SELECT t.id, t.name, f.owner, f.cost_centre, t.created_ms, t.ended_ms
FROM team AS t
LEFT JOIN team_fact AS f ON f.team_id = t.id
    AND f.since_ms = (SELECT MAX(l.since_ms) FROM team_fact AS l WHERE l.team_id = t.id)
ORDER BY t.name, t.created_ms, t.id
