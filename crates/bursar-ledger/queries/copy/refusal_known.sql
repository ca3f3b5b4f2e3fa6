-- How many of these refusals are known.
SELECT COUNT(*) AS known
FROM jsonb_each($1) JOIN refusal AS t ON t.key_id = CAST(value ->> 'key_id' AS TEXT)
    AND t.minute_ms = CAST(value ->> 'minute_ms' AS BIGINT)
    AND t.slot = CAST(value ->> 'slot' AS BIGINT)
    AND t.at_ms = CAST(value ->> 'at_ms' AS BIGINT)
    AND t.reason = CAST(value ->> 'reason' AS TEXT)
    AND t.detail = CAST(value ->> 'detail' AS TEXT)
    AND t.operation = CAST(value ->> 'operation' AS TEXT)
    AND t.model = CAST(value ->> 'model' AS TEXT)
