-- Says of every call that it is archived with the month that was.
UPDATE sealed SET archived_ms = (SELECT month_ms FROM archive) WHERE kind = 'call'
