-- The windows that count these calls, whole rows.
SELECT w.* FROM budget_window AS w
WHERE w.id IN (
    SELECT j.window_id FROM jsonb_each($1) AS wanted JOIN journal AS j ON j.call_id = wanted.key
)
