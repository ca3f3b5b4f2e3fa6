-- The last refusals of a key that are kept; of no key where it is empty.
SELECT at_ms, reason, detail, team, project, user_id, key_id, operation, model, region, call_id,
    window_id
FROM refusal WHERE key_id = $1
ORDER BY minute_ms DESC, slot DESC LIMIT $2
