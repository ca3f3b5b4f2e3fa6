-- Declares a report tag, if there is room for one more.
INSERT INTO report_tag (tag_key, since_ms)
SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT)
WHERE (SELECT COUNT(*) FROM report_tag) < $3
ON CONFLICT DO NOTHING
