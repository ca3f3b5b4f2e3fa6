-- A month that is kept elsewhere, of which nothing is here.
INSERT INTO archive (month_ms, state, place, summary) VALUES (0, 'dropping', 'elsewhere', '{}')
