-- How many refusals are kept of a key in the minutes after a call: of each object in $1, whose key is
-- the call's id.
SELECT asked.key AS call_id, COUNT(*) AS refused
FROM jsonb_each($1) AS asked
JOIN refusal AS r
    ON r.key_id = CAST(asked.value ->> 'key_id' AS TEXT)
    AND r.minute_ms >= CAST(asked.value ->> 'minute_ms' AS BIGINT)
    AND r.minute_ms < CAST(asked.value ->> 'end_ms' AS BIGINT)
    AND r.at_ms >= CAST(asked.value ->> 'ended_ms' AS BIGINT)
GROUP BY asked.key
