-- Ends every lease, as if its process had stopped a minute ago.
UPDATE owner SET lease_ms = 0
