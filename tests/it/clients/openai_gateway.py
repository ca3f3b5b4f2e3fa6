"""OpenAI's own client at the gateway, unchanged but for its URL and its key.

Usage: openai_gateway.py ENDPOINT KEY SPENT_KEY. Says each check that held, and for every answer a
line `call: {"id", "input", "output"}` of what the client was told it used. Exits 0 when every check
held, else says which did not.
"""

import base64
import json
import struct
import sys

import openai

from referee import PNG, WEATHER, error_of, expect, tell
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

ENDPOINT, KEY, SPENT_KEY = sys.argv[1:4]
NOVA = "amazon.nova-lite-v1:0"
THINKER = "openai.gpt-oss-20b-1:0"
TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "cohere.embed-english-v3"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": WEATHER["input_schema"]}}
# What the gateway leaves out, because neither the cost nor the meaning changes by it.
LEFT_OUT = {
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "seed",
    "store",
    "user",
}


def connect(key=KEY, **more):
    return openai.OpenAI(base_url=ENDPOINT + "/v1", api_key=key, **more)


CLIENT = connect()


def fails(what, call):
    return error_of(what, openai.APIError, call)


def ask(words="", **more):
    asked = {"model": NOVA, "messages": [{"role": "user", "content": "hello"}]}
    return asked | {"metadata": {"bursar-sim": words}} | more


def chat(words="", **more):
    return CLIENT.chat.completions.create(**ask(words, **more))


def told(completion_id, usage):
    tell(completion_id.removeprefix("chatcmpl-"), usage.prompt_tokens, usage.completion_tokens)


def plain():
    raw = CLIENT.chat.completions.with_raw_response.create(**ask("input=374 output=44", seed=7))
    reply = raw.parse()
    told(reply.id, reply.usage)
    found = (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens)
    expect("usage", found == (374, 44, 418), reply.usage)
    expect("text", len(reply.choices[0].message.content.split()) == 44, reply)
    expect("stop", reply.choices[0].finish_reason == "stop", reply)
    expect("id", "chatcmpl-" + raw.headers["x-bursar-call-id"] == reply.id, raw.headers)
    expect("cost", float(raw.headers["x-bursar-cost"]) > 0, raw.headers)
    expect("left out", raw.headers["x-bursar-ignored"] == "seed", raw.headers)


def cached():
    haiku = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    reply = chat("input=3 cache-read=11 output=2", model=haiku)
    told(reply.id, reply.usage)
    found = (reply.usage.prompt_tokens, reply.usage.prompt_tokens_details.cached_tokens)
    expect("the prompt holds what was cached", found == (14, 11), reply.usage)


def streamed():
    with CLIENT.chat.completions.create(
        **ask("input=374 output=70 pieces=7", stream=True, stream_options={"include_usage": True})
    ) as stream:
        chunks = list(stream)
    *middle, stop, usage = chunks
    text = "".join(chunk.choices[0].delta.content or "" for chunk in middle)
    expect("text", len(text.split()) == 70, text)
    expect("role", chunks[0].choices[0].delta.role == "assistant", chunks[0])
    expect("stop", stop.choices[0].finish_reason == "stop", stop)
    expect("usage comes last and alone", usage.choices == [], usage)
    expect("one id", len({chunk.id for chunk in chunks}) == 1, chunks)
    told(usage.id, usage.usage)
    expect("usage", usage.usage.total_tokens == 444, usage)
    chunks = list(CLIENT.chat.completions.create(**ask("output=7", stream=True)))
    expect("no usage unasked", all(chunk.usage is None for chunk in chunks), chunks)


def tools():
    forced = {"tools": [TOOL], "tool_choice": "required"}
    reply = chat("output=9", **forced)
    told(reply.id, reply.usage)
    choice = reply.choices[0]
    call = choice.message.tool_calls[0]
    expect("its name", call.function.name == "weather", reply)
    expect("its arguments", json.loads(call.function.arguments) == {"city": "sun"}, reply)
    expect("its stop", choice.finish_reason == "tool_calls", reply)
    said = [{"role": "user", "content": "hello"}, choice.message]
    said.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    reply = chat("output=3", messages=said, tools=[TOOL])
    told(reply.id, reply.usage)
    expect("an answer to the result", reply.choices[0].finish_reason == "stop", reply)
    with CLIENT.chat.completions.stream(**ask("output=9", **forced)) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    expect("streamed", json.loads(call.function.arguments) == {"city": "sun"}, final)


def images_and_schemas():
    def look(url):
        part = {"type": "image_url", "image_url": {"url": url}}
        text = {"type": "text", "text": "what is it?"}
        return [{"role": "user", "content": [text, part]}]

    reply = chat("output=5", messages=look("data:image/png;base64," + PNG))
    told(reply.id, reply.usage)
    error = fails("elsewhere", lambda: chat(messages=look("https://example.com/a.png")))
    expect("elsewhere", error.param == "messages[0].content[1].image_url.url", error)
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    schema["additionalProperties"] = False
    form = {"type": "json_schema", "json_schema": {"name": "s", "schema": schema, "strict": True}}
    haiku = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    reply = chat("output=5", model=haiku, response_format=form, reasoning_effort="low")
    told(reply.id, reply.usage)


def thoughts():
    reply = chat("output=40", model=THINKER, reasoning_effort="high")
    told(reply.id, reply.usage)
    expect("thoughts", reply.choices[0].message.reasoning_content, reply)
    chunks = CLIENT.chat.completions.create(**ask("output=40", model=THINKER, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    expect("streamed", any(getattr(d, "reasoning_content", None) for d in deltas), deltas)


def parameters():
    """Whatever a client can say is sent on, left out and told, or refused by its name."""
    names = set(CompletionCreateParamsBase.__annotations__) | {"stream", "n"}
    for name in sorted(names - {"model", "messages"}):
        odd = {name: {"odd": [1]}}
        try:
            raw = CLIENT.chat.completions.with_raw_response.create(**ask(), extra_body=odd)
        except openai.BadRequestError as error:
            expect(name, (error.param or "").startswith(name), error)
            continue
        expect(name, name in LEFT_OUT, "it is passed over")
        expect(name, raw.headers["x-bursar-ignored"] == name, raw.headers)


def embeddings():
    for model, texts in [(TITAN, ["a b c", "d"]), (COHERE, ["a b c", "d"]), (TITAN, "alone")]:
        whole = CLIENT.embeddings.create(model=model, input=texts)
        plain = CLIENT.embeddings.create(model=model, input=texts, encoding_format="float")
        expect("as many", len(whole.data) == (len(texts) if isinstance(texts, list) else 1), whole)
        pairs = zip(whole.data[0].embedding, plain.data[0].embedding)
        expect("the same", all(abs(a - b) < 1e-6 for a, b in pairs), model)
        expect("usage", whole.usage.prompt_tokens > 0, whole.usage)
    sized = CLIENT.embeddings.create(model=TITAN, input="a", dimensions=256)
    expect("dimensions", len(sized.data[0].embedding) == 256, len(sized.data[0].embedding))
    raw = CLIENT.embeddings.with_raw_response.create(
        model=TITAN, input="a", encoding_format="base64"
    )
    coded = json.loads(raw.text)["data"][0]["embedding"]
    floats = struct.unpack("<1024f", base64.b64decode(coded))
    expect("base64", abs(sum(number * number for number in floats) - 1) < 1e-3, floats[:3])
    error = fails("tokens", lambda: CLIENT.embeddings.create(model=TITAN, input=[[1, 2]]))
    expect("tokens", error.param == "input", error)


def models():
    ids = [model.id for model in CLIENT.models.list()]
    expect("ids", NOVA in ids and "us." + NOVA in ids, ids[:9])
    expect("one", CLIENT.models.retrieve(NOVA).owned_by == "Amazon", ids[:9])
    error = fails("none", lambda: CLIENT.models.retrieve("gpt-5"))
    expect("none", isinstance(error, openai.NotFoundError), error)


def errors():
    classes = {
        "throttle": (openai.RateLimitError, 429, "rate_limit_exceeded"),
        "access-denied": (openai.PermissionDeniedError, 403, "permission_denied"),
        "validation": (openai.BadRequestError, 400, None),
        "not-found": (openai.NotFoundError, 404, "model_not_found"),
        "model-timeout": (openai.InternalServerError, 504, "timeout"),
        "model-error": (openai.InternalServerError, 502, "model_error"),
        "unavailable": (openai.InternalServerError, 503, "service_unavailable"),
    }
    client = connect(max_retries=0)
    for fault, (kind, status, code) in classes.items():
        # The gateway itself tries these again, which takes its time.
        for stream in [False] if fault in ["throttle", "unavailable"] else [False, True]:
            asked = ask(f"fault={fault}", stream=stream)
            error = fails(fault, lambda: client.chat.completions.create(**asked))
            expect(fault, isinstance(error, kind), error)
            expect(fault, (error.status_code, error.code) == (status, code), error)
    with client.chat.completions.create(
        **ask("output=70 pieces=7 fault=stream-unavailable after=3", stream=True)
    ) as stream:
        error = fails("mid-stream", lambda: list(stream))
    expect("mid-stream", "unable to process" in str(error), error)
    error = fails("key", lambda: connect("bsr_nobody").models.list())
    expect("key", isinstance(error, openai.AuthenticationError), error)
    error = fails("model", lambda: chat(model="gpt-5"))
    expect("model", (error.status_code, error.code) == (404, "model_not_found"), error)
    error = fails("path", lambda: CLIENT.responses.create(model=NOVA, input="hello"))
    expect("path", error.status_code == 404 and "chat/completions" in str(error), error)


def over_budget():
    """A spent budget is asked once: the client is left to its own retries, and makes none."""
    sent = []

    def count(request):
        sent.append(request)

    client = connect(SPENT_KEY)
    client._client.event_hooks["request"].append(count)
    for stream in [False, True]:
        error = fails("spent", lambda: client.chat.completions.create(**ask(stream=stream)))
        expect("spent", isinstance(error, openai.RateLimitError), error)
        expect("spent", error.code == "insufficient_quota", error.code)
    error = fails("spent", lambda: client.embeddings.create(model=TITAN, input="a"))
    expect("spent", error.code == "insufficient_quota", error.code)
    expect("once each", len(sent) == 3, len(sent))


CHECKS = [
    plain,
    cached,
    streamed,
    tools,
    images_and_schemas,
    thoughts,
    parameters,
    embeddings,
    models,
    errors,
    over_budget,
]

for check in CHECKS:
    check()
    print(f"{check.__name__}: held", flush=True)
