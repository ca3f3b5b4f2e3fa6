-- How many calls are open, and since when the oldest of them.
SELECT COUNT(*) AS holds, MIN(started_ms) AS oldest_ms FROM hold
