-- Who signs in by another's word: the issuer that vouches for them, and what it calls them, which
-- stays theirs whatever their name or address becomes. NULL for who has a password here.
ALTER TABLE account ADD COLUMN issuer TEXT;

ALTER TABLE account ADD COLUMN subject TEXT;

CREATE UNIQUE INDEX account_identity ON account (issuer, subject);

UPDATE ledger_meta SET version = 14;
