-- The limits that streams keep to now.
SELECT
    id, scope, money_micro, output_tokens, seconds, idle_seconds, on_repetition, on_cut
FROM stream_limit WHERE ended_ms IS NULL
ORDER BY id
