-- The months that are archived, or are being taken out.
SELECT month_ms, state, place, summary FROM archive ORDER BY month_ms
