-- Records the tags of calls.
INSERT INTO call_tag (
    tag_key, started_ms, call_id, tag_value
)
SELECT
    CAST(value ->> 'tag_key' AS TEXT), CAST(value ->> 'started_ms' AS BIGINT),
    CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'tag_value' AS TEXT)
FROM jsonb_each(?)
