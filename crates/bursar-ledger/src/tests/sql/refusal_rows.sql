-- How many refusals are kept.
SELECT COUNT(*) AS number FROM refusal
