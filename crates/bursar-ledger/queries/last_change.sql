-- The number of the last change; 0 when there is none.
SELECT COALESCE(MAX(seq), 0) AS seq FROM change
