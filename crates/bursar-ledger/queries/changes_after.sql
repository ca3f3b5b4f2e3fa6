-- What was changed after number $1, in order, $2 at most: for who knows by heart what was there then.
SELECT seq, action, subject, was, becomes FROM change
WHERE seq > $1
ORDER BY seq LIMIT $2
