-- Makes an account.
INSERT INTO account (
    id, name, role, team_id, password_hash, created_ms, disabled_ms, issuer, subject
)
VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)
