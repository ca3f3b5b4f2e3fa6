-- Lists of calls by what people pick them by, newest first, in a ledger of ten million calls as in one of
-- ten thousand. An id is not among the columns: calls of one millisecond are few, and sorted as they are
-- read.

CREATE INDEX call_team ON call (team, started_ms) WHERE team IS NOT NULL;
CREATE INDEX call_key ON call (key_id, started_ms) WHERE key_id IS NOT NULL;
CREATE INDEX call_user ON call (user_id, started_ms) WHERE user_id IS NOT NULL;
CREATE INDEX call_model ON call (model, started_ms);

-- Most calls succeed, and are found without it.
CREATE INDEX call_trouble ON call (outcome, started_ms) WHERE outcome <> 'succeeded';

UPDATE ledger_meta SET version = 13;
