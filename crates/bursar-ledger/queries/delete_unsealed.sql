-- Takes what is sealed off the queue; the caller counts them.
DELETE FROM unsealed WHERE (kind, subject) IN (
    SELECT CAST(value ->> 'kind' AS TEXT), CAST(value ->> 'subject' AS TEXT) FROM jsonb_each($1)
)
