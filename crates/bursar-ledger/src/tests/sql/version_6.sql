-- One call that is open, in a window of a name that JSON has to escape, as version 6 kept it.
INSERT INTO budget (
    id, scope, each_of, unit, span, time_zone, mode, on_limit, limit_micro, created_ms, ended_ms
)
VALUES ('odd', '{"team":"research"}', 'session', 'usd', 'total', 'UTC', 'hard', 'refuse', 30000, 0, NULL);
INSERT INTO budget_window (
    id, budget_id, each_value, start_ms, end_ms, held_micro, spent_micro, spent_rest, refused, seq
)
VALUES ('odd 0 a "b" \c', 'odd', 'a "b" \c', 0, 1, 10000, 0, 0, 0, 1);
INSERT INTO hold (call_id, owner, epoch, started_ms, held_micro, facts)
VALUES ('01a17269-4deb-7000-8000-000000000561', 'gone', 1, 1795428600000, 10000,
    '{"id":"01a17269-4deb-7000-8000-000000000561","started_ms":1795428600000,"team":"research","project":null,"user":null,"key":null,"tags":{},"client_session":null,"operation":"Converse","model_requested":"claude","model":"anthropic.claude-sonnet-4-5-20250929-v1:0","region":"us-east-1","routing":"regional","tier_requested":"standard","price_id":null,"rates":null,"ceiling_pico":10000000000,"ceiling_tokens":2000,"request_hmac":null,"simulated":true}');
INSERT INTO hold_line (call_id, window_id, amount_micro)
VALUES ('01a17269-4deb-7000-8000-000000000561', 'odd 0 a "b" \c', 10000);
INSERT INTO journal (window_id, seq, call_id, kind, d_held, d_spent, d_rest, limit_micro)
VALUES ('odd 0 a "b" \c', 1, '01a17269-4deb-7000-8000-000000000561', 'hold', 10000, 0, 0, 30000);
