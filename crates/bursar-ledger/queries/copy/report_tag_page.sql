-- The next report tags after a key, whole rows.
SELECT * FROM report_tag
WHERE tag_key > $1
ORDER BY tag_key
LIMIT 500
