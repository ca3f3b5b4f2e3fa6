-- Lets go of this process's lease: what it still holds may be swept at once.
DELETE FROM owner WHERE id = $1
