-- Damages a call: what it cost is no longer what the roll-ups say.
UPDATE call SET cost_pico = cost_pico + 1
