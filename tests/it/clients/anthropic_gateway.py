"""Anthropic's own clients at the gateway, unchanged but for their URL and their key: the direct one
and the one for Bedrock, which signs.

Usage: anthropic_gateway.py ENDPOINT KEY SPENT_KEY ACCESS_KEY SECRET. Says each check that held, and
for every answer a line `call: {"id", "input", "output"}` of what the client was told it used. Exits 0
when every check held, else says which did not.
"""

import json
import sys

import anthropic

from referee import PNG, WEATHER, error_of, expect, tell

ENDPOINT, KEY, SPENT_KEY, ACCESS_KEY, SECRET = sys.argv[1:6]
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"


def direct(key=KEY, **more):
    return anthropic.Anthropic(base_url=ENDPOINT, api_key=key, **more)


CLIENT = direct()
SIGNING = anthropic.AnthropicBedrock(
    base_url=ENDPOINT, aws_region="us-east-1", aws_access_key=ACCESS_KEY, aws_secret_key=SECRET
)


def fails(what, call):
    return error_of(what, anthropic.APIStatusError, call)


def ask(words="", **more):
    header = {"X-Amzn-Bedrock-Request-Metadata": json.dumps({"bursar-sim": words})}
    messages = [{"role": "user", "content": "hello"}]
    asked = {"model": HAIKU, "max_tokens": 640, "messages": messages, "extra_headers": header}
    return asked | more


def told(headers, usage):
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    tell(headers["x-bursar-call-id"], usage.input_tokens + read + written, usage.output_tokens)


def plain():
    for client in [CLIENT, SIGNING]:
        raw = client.messages.with_raw_response.create(
            **ask("input=374 output=44 cache-read=7", extra_body={"temperature": 0.5})
        )
        reply = raw.parse()
        told(raw.headers, reply.usage)
        expect("text", len(reply.content[0].text.split()) == 44, reply)
        found = (reply.usage.input_tokens, reply.usage.cache_read_input_tokens)
        expect("usage", found == (374, 7), reply.usage)
        expect("cost", float(raw.headers["x-bursar-cost"]) > 0, raw.headers)


def streamed():
    for client in [CLIENT, SIGNING]:
        with client.messages.stream(**ask("input=374 output=70 pieces=7")) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_message()
            told(stream.response.headers, final.usage)
        expect("order", (kinds[0], kinds[-1]) == ("message_start", "message_stop"), kinds)
        expect("deltas", kinds.count("content_block_delta") == 7, kinds)
        expect("text", len(final.content[0].text.split()) == 70, final)
        expect("stop", final.stop_reason == "end_turn", final)


def tools_images_and_caching():
    forced = {"tools": [WEATHER], "tool_choice": {"type": "any"}}
    raw = CLIENT.messages.with_raw_response.create(**ask("output=9", **forced))
    reply = raw.parse()
    told(raw.headers, reply.usage)
    call = reply.content[0]
    expect("tool", call.input == {"city": "sun"}, reply)
    with CLIENT.messages.stream(**ask("output=9", **forced)) as stream:
        block = stream.get_final_message().content[0]
    expect("streamed tool", (block.name, block.input) == ("weather", {"city": "sun"}), block)
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    said = [
        {"role": "user", "content": [{"type": "image", "source": source}]},
        {"role": "assistant", "content": reply.content},
        {"role": "user", "content": [result]},
    ]
    mark = {"type": "ephemeral", "ttl": "1h"}
    system = [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    raw = CLIENT.messages.with_raw_response.create(
        **ask("input=9 cache-write-1h=5", messages=said, system=system, tools=[WEATHER])
    )
    usage = raw.parse().usage
    told(raw.headers, usage)
    expect("written for an hour", usage.cache_creation.ephemeral_1h_input_tokens == 5, usage)


def as_claude_code_asks():
    """The head and the body of Claude Code's requests, as far as they differ from the rest."""
    betas = "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14"
    asked = ask("output=5", metadata={"user_id": "user_1"}, stream=True)
    asked["extra_headers"] |= {"anthropic-beta": betas, "X-Claude-Code-Session-Id": "s-1"}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 100}
    raw = CLIENT.messages.with_raw_response.create(**asked, extra_query={"beta": "true"})
    events = list(raw.parse())
    expect("it streams", events[-1].type == "message_stop", events)
    deltas = [event.delta.type for event in events if event.type == "content_block_delta"]
    expect("it thinks, signed", deltas[:2] == ["thinking_delta", "signature_delta"], deltas)
    left_out = raw.headers["x-bursar-ignored"]
    expect("what Bedrock refuses is left out", left_out == "anthropic-beta: oauth-2025-04-20", left_out)


def counting_and_models():
    asked = {"model": HAIKU, "messages": [{"role": "user", "content": "four and four"}]}
    expect("count", CLIENT.messages.count_tokens(**asked).input_tokens == 4, None)
    page = CLIENT.models.list()
    ids = [model.id for model in page]
    expect("ids", HAIKU in ids and NOVA not in ids, ids[:9])
    expect("named", page.data[0].display_name and page.data[0].created_at, page.data[0])
    expect("one", CLIENT.models.retrieve(HAIKU).id == HAIKU, None)


def errors():
    classes = {
        "throttle": (429, "rate_limit_error"),
        "access-denied": (403, "permission_error"),
        "validation": (400, "invalid_request_error"),
        "not-found": (404, "not_found_error"),
        "model-timeout": (504, "timeout_error"),
        "model-error": (500, "api_error"),
        "unavailable": (529, "overloaded_error"),
    }
    client = direct(max_retries=0)
    for fault, found in classes.items():
        # The gateway itself tries these again, which takes its time.
        for stream in [True] if fault in ["throttle", "unavailable"] else [False, True]:
            asked = ask(f"fault={fault}", stream=stream)
            error = fails(fault, lambda: client.messages.create(**asked))
            expect(fault, (error.status_code, error.body["error"]["type"]) == found, error)
    words = "output=70 pieces=7 fault=stream-throttle after=3"
    with client.messages.create(**ask(words, stream=True)) as stream:
        error = fails("mid-stream", lambda: list(stream))
    expect("mid-stream", error.body["error"]["type"] == "rate_limit_error", error.body)
    error = fails("key", lambda: direct("bsr_nobody").messages.create(**ask()))
    expect("key", isinstance(error, anthropic.AuthenticationError), error)
    error = fails("model", lambda: CLIENT.messages.create(**ask(model="claude-of-tomorrow")))
    expect("model", isinstance(error, anthropic.NotFoundError), error)
    error = fails("house", lambda: CLIENT.messages.create(**ask(model=NOVA)))
    expect("house", error.status_code == 400 and "chat/completions" in str(error), error)


def over_budget():
    """A spent budget is asked once: the client is left to its own retries, and makes none."""
    sent = []

    def count(request):
        sent.append(request)

    client = direct(SPENT_KEY)
    client._client.event_hooks["request"].append(count)
    for stream in [False, True]:
        error = fails("spent", lambda: client.messages.create(**ask(stream=stream)))
        expect("spent", error.status_code == 402, error)
        expect("spent", error.body["error"]["type"] == "billing_error", error.body)
    expect("once each", len(sent) == 2, len(sent))


CHECKS = [
    plain,
    streamed,
    tools_images_and_caching,
    as_claude_code_asks,
    counting_and_models,
    errors,
    over_budget,
]

for check in CHECKS:
    check()
    print(f"{check.__name__}: held", flush=True)
