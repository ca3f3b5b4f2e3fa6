-- What became of the last head that was offered to the webhook.
SELECT tried_block, tried_ms, taken_block, taken_ms, failure FROM head_delivery WHERE id = 1
