-- The windows after $3 that count calls that started in [$1, $2), a hundred at most, the last line
-- that such a call has in each, and how far the journal is added up already.
SELECT j.window_id, MAX(j.seq) AS seq, COALESCE(MAX(b.seq), 0) AS base_seq
FROM journal AS j JOIN call AS c ON c.id = j.call_id
LEFT JOIN journal_base AS b ON b.window_id = j.window_id
WHERE j.window_id > $3 AND c.started_ms >= $1 AND c.started_ms < $2
GROUP BY j.window_id ORDER BY j.window_id LIMIT 100
