-- Says which master key this ledger's hashes are made with.
INSERT INTO master_key (id, fingerprint, made_ms)
VALUES (1, $1, $2)
