-- Whether this session may change the ledger's tables, and as whom it runs.
SELECT
    pg_has_role(current_user, relowner, 'MEMBER') AS owns,
    CAST(current_user AS TEXT) AS role_name
FROM pg_class WHERE oid = to_regclass('ledger_meta')
