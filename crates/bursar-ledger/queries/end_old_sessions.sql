-- Ends sessions that began before $1, or were last used before $2.
DELETE FROM session WHERE begun_ms <= $1 OR seen_ms <= $2
