-- Who has open holds.
SELECT DISTINCT owner FROM hold ORDER BY owner
