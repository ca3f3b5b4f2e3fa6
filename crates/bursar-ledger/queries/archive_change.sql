-- What was said last when month $1 was taken out of the ledger; '' for any month.
SELECT becomes FROM change
WHERE action = 'archive dropped' AND (CAST($1 AS TEXT) = '' OR subject = $1)
ORDER BY seq DESC LIMIT 1
