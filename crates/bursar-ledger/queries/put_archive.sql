-- Notes where month $1 is and in which state ($2), at place $3, with summary $4.
INSERT INTO archive (month_ms, state, place, summary) VALUES ($1, $2, $3, $4)
ON CONFLICT (month_ms) DO UPDATE SET
    state = excluded.state, place = excluded.place, summary = excluded.summary
