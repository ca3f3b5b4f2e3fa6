-- Changes of limits after $1, a thousand at most.
SELECT seq, was, becomes FROM change
WHERE seq > $1 AND action = 'limit set'
ORDER BY seq LIMIT 1000
