-- Why the last calls were refused that a window had no room for, $2 of those that are kept, by reason.
SELECT reason, COUNT(*) AS refused
FROM (
    SELECT reason FROM refusal WHERE window_id = $1 ORDER BY at_ms DESC LIMIT $2
) AS last
GROUP BY reason
ORDER BY refused DESC, reason
