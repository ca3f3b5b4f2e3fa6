-- Records in which windows holds are held; fed the journal lines of kind `hold`.
INSERT INTO hold_line (call_id, window_id, amount_micro)
SELECT
    CAST(value ->> 'call_id' AS TEXT),
    CAST(value ->> 'window_id' AS TEXT),
    CAST(value ->> 'd_held' AS BIGINT)
FROM jsonb_each($1)
WHERE CAST(value ->> 'kind' AS TEXT) = 'hold'
