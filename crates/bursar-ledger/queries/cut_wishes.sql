-- Which calls somebody wants cut, who and why.
SELECT call_id, reason, wished_by FROM cut_wish ORDER BY call_id
