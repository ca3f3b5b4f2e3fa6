"""Anthropic's own client for Bedrock, unchanged: plain and streamed, tools, errors, exceptions.

It keeps the `:` of a model id raw in the path. Usage: anthropic_conformance.py ENDPOINT TABLE.
Exits 0 when every check held, else says which did not.
"""

import json
import sys

import anthropic

from referee import WEATHER, error_of, expect

ENDPOINT = sys.argv[1]
TABLE = json.loads(sys.argv[2])
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + HAIKU


def connect(secret="secret", retries=0):
    return anthropic.AnthropicBedrock(
        base_url=ENDPOINT,
        aws_region="us-east-1",
        aws_access_key="AKIDEXAMPLE",
        aws_secret_key=secret,
        max_retries=retries,
    )


CLIENT = connect()


def fails(what, call):
    return error_of(what, anthropic.APIStatusError, call)


def ask(words="", **more):
    header = {"X-Amzn-Bedrock-Request-Metadata": json.dumps({"bursar-sim": words})}
    messages = [{"role": "user", "content": "hello"}]
    asked = {"model": HAIKU, "max_tokens": 640, "messages": messages, "extra_headers": header}
    return asked | more


def messages():
    for model in [HAIKU, PROFILE]:
        reply = CLIENT.messages.create(**ask("input=374 output=44 cache-read=7", model=model))
        expect("text", reply.content[0].text, reply)
        usage = reply.usage
        found = (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens)
        expect("usage", found == (374, 44, 7), usage)
        expect("stop", reply.stop_reason == "end_turn", reply)


def streamed_messages():
    with CLIENT.messages.stream(**ask("input=374 output=70 pieces=7")) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    expect("order", (kinds[0], kinds[-1]) == ("message_start", "message_stop"), kinds)
    expect("deltas", kinds.count("content_block_delta") == 7, kinds)
    expect("text", len(final.content[0].text.split()) == 70, final)
    found = (final.usage.input_tokens, final.usage.output_tokens)
    expect("usage", found == (374, 70), final.usage)


def tools():
    forced = {"tools": [WEATHER], "tool_choice": {"type": "any"}}
    reply = CLIENT.messages.create(**ask("output=9", **forced))
    expect("tool", reply.content[0].input == {"city": "sun"}, reply)
    with CLIENT.messages.stream(**ask("output=9", **forced)) as stream:
        final = stream.get_final_message()
    block = final.content[0]
    expect("streamed tool", (block.name, block.input) == ("weather", {"city": "sun"}), final)
    expect("its stop", final.stop_reason == "tool_use", final)


def errors():
    classes = {
        400: anthropic.BadRequestError,
        403: anthropic.PermissionDeniedError,
        404: anthropic.NotFoundError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
        503: anthropic.InternalServerError,
    }
    for fault, code, status in TABLE["errors"]:
        for stream in [False, True]:
            asked = ask(f"fault={fault}", stream=stream)
            error = fails(fault, lambda: CLIENT.messages.create(**asked))
            expect(fault, error.status_code == status, error)
            expect(fault, isinstance(error, classes.get(status, anthropic.APIStatusError)), error)
            kind = error.response.headers["x-amzn-errortype"].split(":")[0]
            expect(fault, kind == code, kind)
            expect(f"{fault}: a text", error.body["message"] in str(error), error)
    error = fails("signature", lambda: connect(secret="another").messages.create(**ask()))
    expect("signature", error.status_code == 403, error)


def exceptions():
    for fault, code, _ in TABLE["exceptions"]:
        events = []
        words = f"output=70 pieces=7 fault={fault} after=3"
        with CLIENT.messages.create(**ask(words, stream=True)) as stream:
            error = fails(fault, lambda: events.extend(event.type for event in stream))
        expect(fault, len(events) == 3, events)
        kind = error.body["error"]["type"]
        expect(fault, kind.lower() == code.lower(), kind)


def retries():
    reply = connect(retries=1).messages.with_raw_response.create(
        **ask("output=1 fault=throttle times=1")
    )
    expect("retries", reply.retries_taken == 1, reply.retries_taken)
    expect("then an answer", reply.parse().usage.output_tokens == 1, reply)


CHECKS = [messages, streamed_messages, tools, errors, exceptions, retries]

for check in CHECKS:
    check()
    print(f"{check.__name__}: held", flush=True)
