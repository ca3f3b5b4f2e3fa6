-- How many rows each table has that is copied.
SELECT 'report_tag' AS table_name, COUNT(*) AS row_count FROM report_tag
UNION ALL
SELECT 'budget' AS table_name, COUNT(*) AS row_count FROM budget
UNION ALL
SELECT 'budget_window' AS table_name, COUNT(*) AS row_count FROM budget_window
UNION ALL
SELECT 'frozen' AS table_name, COUNT(*) AS row_count FROM frozen
UNION ALL
SELECT 'stream_limit' AS table_name, COUNT(*) AS row_count FROM stream_limit
UNION ALL
SELECT 'threshold' AS table_name, COUNT(*) AS row_count FROM threshold
UNION ALL
SELECT 'change' AS table_name, COUNT(*) AS row_count FROM change
UNION ALL
SELECT 'journal' AS table_name, COUNT(*) AS row_count FROM journal
UNION ALL
SELECT 'call' AS table_name, COUNT(*) AS row_count FROM call
UNION ALL
SELECT 'call_once' AS table_name, COUNT(*) AS row_count FROM call_once
UNION ALL
SELECT 'attempt' AS table_name, COUNT(*) AS row_count FROM attempt
UNION ALL
SELECT 'call_tag' AS table_name, COUNT(*) AS row_count FROM call_tag
UNION ALL
SELECT 'correction' AS table_name, COUNT(*) AS row_count FROM correction
UNION ALL
SELECT 'refusal' AS table_name, COUNT(*) AS row_count FROM refusal
UNION ALL
SELECT 'usage_hour' AS table_name, COUNT(*) AS row_count FROM usage_hour
UNION ALL
SELECT 'block' AS table_name, COUNT(*) AS row_count FROM block
UNION ALL
SELECT 'sealed' AS table_name, COUNT(*) AS row_count FROM sealed
UNION ALL
SELECT 'usage_grain' AS table_name, COUNT(*) AS row_count FROM usage_grain
UNION ALL
SELECT 'team' AS table_name, COUNT(*) AS row_count FROM team
UNION ALL
SELECT 'team_fact' AS table_name, COUNT(*) AS row_count FROM team_fact
UNION ALL
SELECT 'project' AS table_name, COUNT(*) AS row_count FROM project
UNION ALL
SELECT 'member' AS table_name, COUNT(*) AS row_count FROM member
UNION ALL
SELECT 'virtual_key' AS table_name, COUNT(*) AS row_count FROM virtual_key
UNION ALL
SELECT 'key_secret' AS table_name, COUNT(*) AS row_count FROM key_secret
UNION ALL
SELECT 'policy' AS table_name, COUNT(*) AS row_count FROM policy
UNION ALL
SELECT 'master_key' AS table_name, COUNT(*) AS row_count FROM master_key
UNION ALL
SELECT 'archive' AS table_name, COUNT(*) AS row_count FROM archive
UNION ALL
SELECT 'journal_base' AS table_name, COUNT(*) AS row_count FROM journal_base
UNION ALL
SELECT 'admin_key' AS table_name, COUNT(*) AS row_count FROM admin_key
UNION ALL
SELECT 'account' AS table_name, COUNT(*) AS row_count FROM account
UNION ALL
SELECT 'api_token' AS table_name, COUNT(*) AS row_count FROM api_token
