-- Raises what open calls have come to at least, and keeps why they were cut.
UPDATE hold SET
    checkpoint_pico = CASE
        WHEN c.pico IS NULL OR COALESCE(hold.checkpoint_pico, 0) >= c.pico
            THEN hold.checkpoint_pico
        ELSE c.pico
    END,
    checkpoint_tokens = CASE
        WHEN COALESCE(hold.checkpoint_tokens, 0) >= c.tokens THEN hold.checkpoint_tokens
        ELSE c.tokens
    END,
    checkpoint_ms = CASE
        WHEN COALESCE(hold.checkpoint_ms, 0) >= c.at_ms THEN hold.checkpoint_ms
        ELSE c.at_ms
    END,
    cut_code = COALESCE(hold.cut_code, c.cut_code)
FROM (
    SELECT
        key AS id,
        CAST(value ->> 'pico' AS BIGINT) AS pico,
        CAST(value ->> 'tokens' AS BIGINT) AS tokens,
        CAST(value ->> 'at_ms' AS BIGINT) AS at_ms,
        CAST(value ->> 'cut_code' AS TEXT) AS cut_code
    FROM jsonb_each($1)
) AS c
WHERE hold.call_id = c.id
