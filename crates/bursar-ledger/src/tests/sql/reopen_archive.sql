-- Says that what was taken out is only being taken out.
UPDATE archive SET state = 'dropping', summary = (
    SELECT becomes FROM change WHERE action = 'archive drop begun'
)
