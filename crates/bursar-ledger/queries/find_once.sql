-- The call that was made for a key, and whether it still runs.
SELECT
    o.fingerprint, o.call_id,
    EXISTS (SELECT 1 FROM hold AS h WHERE h.call_id = o.call_id) AS is_open
FROM call_once AS o
WHERE o.asker = $1 AND o.key_hash = $2 AND o.at_ms >= $3
