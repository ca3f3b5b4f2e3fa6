-- Writes teams' facts that are not there yet, and brings up to date those that are.
INSERT INTO team_fact (
    team_id, since_ms, owner, cost_centre
)
SELECT
    CAST(value ->> 'team_id' AS TEXT),
    CAST(value ->> 'since_ms' AS BIGINT),
    CAST(value ->> 'owner' AS TEXT),
    CAST(value ->> 'cost_centre' AS TEXT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (team_id, since_ms) DO UPDATE SET
    owner = excluded.owner,
    cost_centre = excluded.cost_centre
WHERE (
    COALESCE(team_fact.owner, ''),
    COALESCE(team_fact.cost_centre, '')
) <> (
    COALESCE(excluded.owner, ''),
    COALESCE(excluded.cost_centre, '')
)
