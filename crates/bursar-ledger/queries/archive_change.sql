-- What was said last when somebody did $1 to month $2; '' for any month.
SELECT becomes FROM change
WHERE action = $1 AND (CAST($2 AS TEXT) = '' OR subject = $2)
ORDER BY seq DESC LIMIT 1
