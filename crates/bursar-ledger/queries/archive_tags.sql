-- These tags of calls, whole rows.
SELECT t.* FROM jsonb_each($1) AS wanted
JOIN call_tag AS t ON t.tag_key = CAST(wanted.value ->> 'tag_key' AS TEXT)
    AND t.started_ms = CAST(wanted.value ->> 'started_ms' AS BIGINT)
    AND t.call_id = CAST(wanted.value ->> 'call_id' AS TEXT)
