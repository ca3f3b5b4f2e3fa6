-- Brings the log into the file, which works only while nobody else has it open.
PRAGMA journal_mode = DELETE
