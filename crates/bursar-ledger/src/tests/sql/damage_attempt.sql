-- Damages an attempt: it belongs to no call.
UPDATE attempt SET call_id = 'nobody' WHERE number = 1
