-- Ends the limits of a scope's streams.
UPDATE stream_limit SET ended_ms = $2 WHERE id = $1 AND ended_ms IS NULL
