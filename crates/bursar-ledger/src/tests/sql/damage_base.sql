-- Makes room in every limit.
UPDATE journal_base SET spent_micro = spent_micro - 1
