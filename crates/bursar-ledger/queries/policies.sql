-- The policies in force, by scope.
SELECT scope, allows FROM policy WHERE ended_ms IS NULL
ORDER BY scope
