-- Takes out the tags of calls that are archived.
DELETE FROM call_tag WHERE (tag_key, started_ms, call_id) IN (
    SELECT
        CAST(value ->> 'tag_key' AS TEXT), CAST(value ->> 'started_ms' AS BIGINT),
        CAST(value ->> 'call_id' AS TEXT)
    FROM jsonb_each($1)
)
