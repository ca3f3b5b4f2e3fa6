-- Says of every call that it is archived with a month in which nothing was.
UPDATE sealed SET archived_ms = 0 WHERE kind = 'call'
