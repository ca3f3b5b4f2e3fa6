-- Changes since $1 and before number $2, newest first, $3 at most.
SELECT seq, at_ms, actor, action, subject, was, becomes FROM change
WHERE at_ms >= $1 AND seq < $2
ORDER BY seq DESC LIMIT $3
