-- Which master key this ledger's hashes are made with.
SELECT fingerprint FROM master_key
