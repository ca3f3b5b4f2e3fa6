-- Says who answers for a team, and where its costs are booked, from now on.
INSERT INTO team_fact (team_id, since_ms, owner, cost_centre)
VALUES ($1, $2, $3, $4)
ON CONFLICT (team_id, since_ms) DO UPDATE SET
    owner = excluded.owner, cost_centre = excluded.cost_centre
