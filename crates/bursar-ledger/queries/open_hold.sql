-- The hold of a call that has not ended.
SELECT started_ms, held_micro, checkpoint_pico FROM hold WHERE call_id = $1
