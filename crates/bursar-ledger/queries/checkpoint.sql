-- Raises the least that open calls can have cost.
UPDATE hold SET checkpoint_pico = c.pico
FROM (
    SELECT key AS id, CAST(value ->> 'pico' AS BIGINT) AS pico FROM jsonb_each($1)
) AS c
WHERE hold.call_id = c.id AND COALESCE(hold.checkpoint_pico, 0) < c.pico
