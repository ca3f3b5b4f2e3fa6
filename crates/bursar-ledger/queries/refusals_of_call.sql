-- The refusal of the call that would have had this id.
SELECT at_ms, reason, detail, team, project, user_id, key_id, operation, model, region, call_id,
    window_id
FROM refusal WHERE call_id = $1
ORDER BY at_ms DESC LIMIT $2
