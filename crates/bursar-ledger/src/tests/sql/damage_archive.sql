-- Makes every call a little dearer.
UPDATE call SET cost_pico = cost_pico + 1
