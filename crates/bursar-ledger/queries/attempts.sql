-- The attempts at one call, in order.
SELECT
    started_ms, ended_ms, outcome, http_status, error_code, request_id, model, region, upstream
FROM attempt WHERE call_id = $1 ORDER BY number
