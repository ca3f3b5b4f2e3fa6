-- Writes claimed keys that are not there yet.
INSERT INTO call_once (
    asker, key_hash, fingerprint, call_id, at_ms
)
SELECT
    CAST(value ->> 'asker' AS TEXT),
    CAST(value ->> 'key_hash' AS TEXT),
    CAST(value ->> 'fingerprint' AS TEXT),
    CAST(value ->> 'call_id' AS TEXT),
    CAST(value ->> 'at_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
