-- Makes a call the one that is made for a key, where there is none yet, or it is
-- this one: a claim may come twice.
INSERT INTO call_once (asker, key_hash, fingerprint, call_id, at_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (asker, key_hash) DO UPDATE SET at_ms = excluded.at_ms
WHERE call_once.call_id = excluded.call_id
