-- Forgets the wishes whose calls have ended.
DELETE FROM cut_wish
WHERE NOT EXISTS (SELECT 1 FROM hold WHERE hold.call_id = cut_wish.call_id)
