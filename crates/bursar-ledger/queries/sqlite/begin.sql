-- Begins a transaction that may write, waiting for its turn first.
BEGIN IMMEDIATE
