-- Writes report tags that are not there yet, and brings up to date those that are.
INSERT INTO report_tag (
    tag_key, since_ms
)
SELECT
    CAST(value ->> 'tag_key' AS TEXT), CAST(value ->> 'since_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT (tag_key) DO UPDATE SET
    since_ms = excluded.since_ms
WHERE report_tag.since_ms <> excluded.since_ms
