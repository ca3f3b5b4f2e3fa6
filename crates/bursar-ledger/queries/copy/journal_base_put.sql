-- Writes sums of archived journal lines that are not there yet.
INSERT INTO journal_base (
    window_id, seq, held_micro, spent_micro, spent_rest, settled
)
SELECT
    CAST(value ->> 'window_id' AS TEXT), CAST(value ->> 'seq' AS BIGINT),
    CAST(value ->> 'held_micro' AS BIGINT), CAST(value ->> 'spent_micro' AS BIGINT),
    CAST(value ->> 'spent_rest' AS BIGINT), CAST(value ->> 'settled' AS BIGINT)
FROM jsonb_each($1)
WHERE true
ON CONFLICT DO NOTHING
