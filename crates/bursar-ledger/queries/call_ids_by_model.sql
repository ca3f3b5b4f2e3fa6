-- Which calls of the model $4 match, newest first; the rest as in call_ids.sql.
SELECT id FROM call
WHERE (started_ms, id) < (CAST($1 AS BIGINT), CAST($2 AS TEXT)) AND started_ms >= $3
    AND model = $4
    AND (CAST($5 AS TEXT) IS NULL OR team = $5)
    AND (CAST($6 AS TEXT) IS NULL OR key_id = $6)
    AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
    AND (CAST($8 AS TEXT) IS NULL OR operation = $8)
    AND (CAST($9 AS TEXT) IS NULL OR user_id = $9)
ORDER BY started_ms DESC, id DESC LIMIT $10
