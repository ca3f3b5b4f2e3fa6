-- What is in no block yet, a thousand at most.
SELECT kind, subject FROM unsealed ORDER BY kind, subject LIMIT 1000
