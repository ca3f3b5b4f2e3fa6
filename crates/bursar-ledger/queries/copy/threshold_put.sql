-- Writes thresholds that were told that are not there yet.
INSERT INTO threshold (
    window_id, percent, at_ms
)
SELECT
    CAST(value ->> 'window_id' AS TEXT),
    CAST(value ->> 'percent' AS BIGINT),
    CAST(value ->> 'at_ms' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
