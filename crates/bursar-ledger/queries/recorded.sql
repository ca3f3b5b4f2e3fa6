-- How a call is recorded: what a settlement that comes too late differs from.
SELECT
    c.outcome, c.cost_pico, c.estimated,
    EXISTS (SELECT 1 FROM correction AS x WHERE x.call_id = c.id) AS corrected
FROM call AS c WHERE c.id = $1
