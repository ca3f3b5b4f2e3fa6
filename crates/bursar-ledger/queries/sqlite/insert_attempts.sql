-- Records the attempts at calls.
INSERT INTO attempt (
    call_id, number, started_ms, ended_ms, outcome, http_status, error_code, request_id,
    model, region, upstream
)
SELECT
    CAST(value ->> 'call_id' AS TEXT), CAST(value ->> 'number' AS BIGINT),
    CAST(value ->> 'started_ms' AS BIGINT), CAST(value ->> 'ended_ms' AS BIGINT),
    CAST(value ->> 'outcome' AS TEXT), CAST(value ->> 'http_status' AS BIGINT),
    CAST(value ->> 'error_code' AS TEXT), CAST(value ->> 'request_id' AS TEXT),
    CAST(value ->> 'model' AS TEXT), CAST(value ->> 'region' AS TEXT),
    CAST(value ->> 'upstream' AS TEXT)
FROM jsonb_each(?)
