-- What was noted of broken glasses.
SELECT actor, action, becomes FROM change WHERE action = 'break-glass'
