-- What every limit is now: its amount, for the audit to compare holds with.
SELECT id, limit_micro FROM budget
