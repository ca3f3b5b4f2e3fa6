"""boto3 at the gateway, unchanged but for its URL and its key: by signature over HTTP, and by bearer
over TLS, since over plain HTTP it refuses to send one.

Usage: boto3_gateway.py URL KEY SPENT_KEY ID SECRET SPENT_ID SPENT_SECRET TLS_URL, with AWS_CA_BUNDLE
and BURSAR_TEST_ERRORS, the table of (fault, code, status).
Says each check that held, and for every answer a line `call: {"id", "input", "output"}` of what the
client was told it used. Exits 0 when every check held, else says which did not.
"""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from referee import error_of, expect, tell

URL, KEY, SPENT_KEY, ID, SECRET, SPENT_ID, SPENT_SECRET, TLS_URL = sys.argv[1:9]
NOVA = "amazon.nova-lite-v1:0"
BASE = "anthropic.claude-haiku-4-5-20251001-v1:0"
HAIKU = "us." + BASE
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + HAIKU
MESSAGES = [{"role": "user", "content": [{"text": "hello"}]}]
CLAUDE = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "hello"}],
}
ERRORS = json.loads(os.environ["BURSAR_TEST_ERRORS"])


def signing(spent=False, **more):
    os.environ.pop("AWS_BEARER_TOKEN_BEDROCK", None)
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=SPENT_ID if spent else ID,
        aws_secret_access_key=SPENT_SECRET if spent else SECRET,
        **more,
    )


def bearing(spent=False, **more):
    # Read at each call, so it is left to stand.
    os.environ["AWS_BEARER_TOKEN_BEDROCK"] = SPENT_KEY if spent else KEY
    return boto3.client("bedrock-runtime", endpoint_url=TLS_URL, region_name="us-east-1", **more)


WAYS = {"signed over http": signing, "bearer over tls": bearing}
ONCE = Config(retries={"total_max_attempts": 1})


def told(reply, given, generated):
    headers = reply["ResponseMetadata"]["HTTPHeaders"]
    tell(headers["x-bursar-call-id"], given, generated)
    return headers


def ask(words=""):
    return {"messages": MESSAGES, "requestMetadata": {"bursar-sim": words or "gap-ms=0"}}


def plain(connect):
    reply = connect().converse(modelId=NOVA, **ask("input=374 output=44 cache-read=7"))
    usage = reply["usage"]
    headers = told(reply, usage["inputTokens"] + 7, usage["outputTokens"])
    expect("its cost", float(headers["x-bursar-cost"]) > 0, headers)
    reply = connect().invoke_model(modelId=HAIKU, body=json.dumps(CLAUDE))
    usage = json.loads(reply["body"].read())["usage"]
    told(reply, usage["input_tokens"], usage["output_tokens"])
    reply = connect().converse(modelId=PROFILE, **ask())
    told(reply, reply["usage"]["inputTokens"], reply["usage"]["outputTokens"])


def streamed(connect):
    reply = connect().converse_stream(modelId=NOVA, **ask("input=12 output=300"))
    events = list(reply["stream"])
    usage = events[-1]["metadata"]["usage"]
    headers = told(reply, usage["inputTokens"], usage["outputTokens"])
    expect("what is held", float(headers["x-bursar-held"]) > 0, headers)
    text = "".join(
        event["contentBlockDelta"]["delta"].get("text", "")
        for event in events
        if "contentBlockDelta" in event
    )
    expect("the whole text", len(text) > 300, text)
    reply = connect().invoke_model_with_response_stream(modelId=HAIKU, body=json.dumps(CLAUDE))
    chunks = [json.loads(event["chunk"]["bytes"]) for event in reply["body"]]
    metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
    told(reply, metrics["inputTokenCount"], metrics["outputTokenCount"])


def counted(connect):
    reply = connect().count_tokens(modelId=BASE, input={"converse": {"messages": MESSAGES}})
    expect("tokens", reply["inputTokens"] > 0, reply)


APPLY = {"guardrailIdentifier": "ab12", "guardrailVersion": "1", "source": "INPUT"}
# A unit of topic, content, word and sensitive information each.
UNIT_USD = 0.00015 + 0.00015 + 0 + 0.0001


def guarded(connect):
    """Billed by the units that its own reply tells."""
    for characters, units in [(1, 1), (1000, 1), (2001, 3)]:
        content = [{"text": {"text": "a" * characters}}]
        reply = connect().apply_guardrail(content=content, **APPLY)
        usage = reply["usage"]
        expect("units", usage["topicPolicyUnits"] == units, usage)
        headers = told(reply, 0, 0)
        cost = float(headers["x-bursar-cost"])
        expect("its cost", abs(cost - units * UNIT_USD) < 1e-12, headers)
    wrong = code_of(lambda: connect().apply_guardrail(content=content, **{**APPLY, "guardrailVersion": "0"}))
    expect("no version", wrong == ("ValidationException", 400), wrong)


def code_of(work):
    response = error_of("error", ClientError, work).response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def errors(connect):
    for fault, code, status in ERRORS:
        found = code_of(lambda: connect(config=ONCE).converse(modelId=NOVA, **ask(f"fault={fault}")))
        expect(fault, found == (code, status), found)
    unknown = code_of(lambda: connect().converse(modelId="amazon.no-such-model", **ask()))
    expect("unknown model", unknown == ("ValidationException", 400), unknown)
    reply = connect().converse_stream(modelId=NOVA, **ask("output=20 fault=stream-throttle after=2"))
    try:
        for _ in reply["stream"]:
            pass
        raise SystemExit("the stream ended well")
    except EventStreamError as error:
        code = error.response["Error"]["Code"]
        expect("in a stream", code == "throttlingException", code)


def over_budget(connect):
    """What it asks by itself is what it asks when nobody says otherwise."""
    client, sent = connect(spent=True), []
    client.meta.events.register("before-send.bedrock-runtime", lambda **_: sent.append(1) and None)
    for work in [
        lambda: client.converse(modelId=NOVA, **ask()),
        lambda: client.converse_stream(modelId=NOVA, **ask()),
        lambda: client.invoke_model(modelId=HAIKU, body=json.dumps(CLAUDE)),
        lambda: client.invoke_model_with_response_stream(modelId=HAIKU, body=json.dumps(CLAUDE)),
        lambda: client.apply_guardrail(content=[{"text": {"text": "hello"}}], **APPLY),
    ]:
        sent.clear()
        found = code_of(work)
        expect("over budget", found == ("ServiceQuotaExceededException", 400), found)
        expect("asked once", len(sent) == 1, sent)


def strangers(_connect):
    os.environ.pop("AWS_BEARER_TOKEN_BEDROCK", None)
    wrong = boto3.client(
        "bedrock-runtime",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=ID,
        aws_secret_access_key="another",
    )
    found = code_of(lambda: wrong.converse(modelId=NOVA, **ask()))
    expect("a wrong secret", found == ("InvalidSignatureException", 403), found)


for name, connect in WAYS.items():
    for check in [plain, streamed, counted, guarded, errors, over_budget, strangers]:
        check(connect)
        print(f"{check.__name__}, {name}: held", flush=True)
