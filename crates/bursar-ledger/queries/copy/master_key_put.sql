-- Writes the master key's fingerprint that are not there yet, and brings up to date those that are.
INSERT INTO master_key (
    id, fingerprint, made_ms
)
SELECT
    CAST(value ->> 'id' AS BIGINT),
    CAST(value ->> 'fingerprint' AS TEXT),
    CAST(value ->> 'made_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    fingerprint = excluded.fingerprint,
    made_ms = excluded.made_ms
WHERE (
    master_key.fingerprint,
    master_key.made_ms
) <> (
    excluded.fingerprint,
    excluded.made_ms
)
