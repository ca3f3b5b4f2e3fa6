-- Forgets the keys of calls that were made long ago.
DELETE FROM call_once WHERE at_ms < $1
