-- Notes that head $1 was offered to the webhook at $2, and why it was not taken: '' when it was.
INSERT INTO head_delivery (id, tried_block, tried_ms, taken_block, taken_ms, failure)
VALUES (
    1, $1, $2,
    CASE WHEN CAST($3 AS TEXT) = '' THEN CAST($1 AS BIGINT) END,
    CASE WHEN CAST($3 AS TEXT) = '' THEN CAST($2 AS BIGINT) END,
    NULLIF(CAST($3 AS TEXT), '')
)
ON CONFLICT (id) DO UPDATE SET
    tried_block = excluded.tried_block, tried_ms = excluded.tried_ms,
    taken_block = COALESCE(excluded.taken_block, head_delivery.taken_block),
    taken_ms = COALESCE(excluded.taken_ms, head_delivery.taken_ms),
    failure = excluded.failure
