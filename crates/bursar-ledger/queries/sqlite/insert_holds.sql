-- Opens holds, for calls that are not recorded yet.
INSERT INTO hold (call_id, owner, epoch, started_ms, held_micro, facts, lines)
SELECT
    key,
    CAST(value ->> 'owner' AS TEXT),
    CAST(value ->> 'epoch' AS BIGINT),
    CAST(value ->> 'started_ms' AS BIGINT),
    CAST(value ->> 'held_micro' AS BIGINT),
    CAST(value ->> 'facts' AS TEXT),
    jsonb(value -> 'lines')
FROM jsonb_each(?)
WHERE NOT EXISTS (SELECT 1 FROM call WHERE call.id = key)
