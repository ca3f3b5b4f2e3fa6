-- What keeps the calls that started in [$1, $2) from being archived: how many are open, and how many
-- are in no block yet.
SELECT
    (SELECT COUNT(*) FROM hold WHERE started_ms >= $1 AND started_ms < $2) AS holds,
    (SELECT COUNT(*) FROM unsealed AS u JOIN call AS c ON c.id = u.subject
     WHERE u.kind <> 'change' AND c.started_ms >= $1 AND c.started_ms < $2) AS unsealed
