"""boto3, unchanged, against the simulator: every operation, streams and errors included.

Usage: boto3_conformance.py ENDPOINT. Exits 0 when every check held, else says which did not.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

NOVA = "amazon.nova-lite-v1:0"
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
CLAUDE_BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "hello"}],
}


def client(secret="secret", attempts=1):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
    )


def ask(words="", text="hello"):
    metadata = {"bursar-sim": words} if words else {}
    return {
        "messages": [{"role": "user", "content": [{"text": text}]}],
        "inferenceConfig": {"maxTokens": 64},
        "requestMetadata": metadata or {"team": "conformance"},
    }


def expect(what, condition, detail=None):
    if not condition:
        raise SystemExit(f"{what}: {detail!r}")


def converse():
    reply = client().converse(modelId=NOVA, **ask("input=374 output=44 cache-read=7"))
    usage = reply["usage"]
    expect("converse text", reply["output"]["message"]["content"][0]["text"], reply)
    expect("converse input", usage["inputTokens"] == 374, usage)
    expect("converse output", usage["outputTokens"] == 44, usage)
    expect("converse total", usage["totalTokens"] == 374 + 44 + 7, usage)
    expect("converse request id", reply["ResponseMetadata"]["RequestId"], reply)


def converse_stream():
    reply = client().converse_stream(modelId=HAIKU, **ask("input=374 output=44"))
    names, text, usage = [], "", None
    for event in reply["stream"]:
        (name, value), = event.items()
        names.append(name)
        text += value.get("delta", {}).get("text", "") if name == "contentBlockDelta" else ""
        usage = value["usage"] if name == "metadata" else usage
    expect("stream order", names[0] == "messageStart" and names[-2:] == ["messageStop", "metadata"], names)
    expect("stream text", text, names)
    expect("stream usage", (usage["inputTokens"], usage["outputTokens"]) == (374, 44), usage)


def invoke_model():
    reply = client().invoke_model(modelId=HAIKU, body=json.dumps(CLAUDE_BODY))
    body = json.loads(reply["body"].read())
    headers = reply["ResponseMetadata"]["HTTPHeaders"]
    expect("invoke text", body["content"][0]["text"], body)
    expect(
        "invoke header",
        int(headers["x-amzn-bedrock-input-token-count"]) == body["usage"]["input_tokens"],
        headers,
    )


def invoke_model_stream():
    reply = client().invoke_model_with_response_stream(modelId=HAIKU, body=json.dumps(CLAUDE_BODY))
    chunks = [json.loads(event["chunk"]["bytes"]) for event in reply["body"]]
    expect("chunks", chunks[0]["type"] == "message_start", chunks)
    expect("metrics", "amazon-bedrock-invocationMetrics" in chunks[-1], chunks[-1])


def count_tokens():
    converse = {"messages": ask()["messages"]}
    model = "anthropic.claude-haiku-4-5-20251001-v1:0"
    reply = client().count_tokens(modelId=model, input={"converse": converse})
    expect("counted", reply["inputTokens"] > 0, reply)
    body = json.dumps(CLAUDE_BODY).encode()
    reply = client().count_tokens(modelId=model, input={"invokeModel": {"body": body}})
    expect("counted a body", reply["inputTokens"] > 0, reply)


def arn():
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + HAIKU
    reply = client().converse(modelId=profile, **ask())
    expect("arn", reply["usage"]["inputTokens"] > 0, reply)


def fails(what, code, status, call):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]["Code"]
        http = error.response["ResponseMetadata"]["HTTPStatusCode"]
        expect(what, (found, http) == (code, status), (found, http, str(error)))
        return error
    raise SystemExit(f"{what}: no error came")


def errors():
    for fault, code, status in [
        ("throttle", "ThrottlingException", 429),
        ("access-denied", "AccessDeniedException", 403),
        ("validation", "ValidationException", 400),
        ("not-found", "ResourceNotFoundException", 404),
        ("model-timeout", "ModelTimeoutException", 408),
        ("model-error", "ModelErrorException", 424),
        ("not-ready", "ModelNotReadyException", 429),
        ("internal", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("quota", "ServiceQuotaExceededException", 400),
    ]:
        words = f"fault={fault}"
        fails(fault, code, status, lambda: client().converse(modelId=NOVA, **ask(words)))
        fails(fault, code, status, lambda: client().converse_stream(modelId=NOVA, **ask(words)))
    unknown = fails(
        "unknown model",
        "ValidationException",
        400,
        lambda: client().converse(modelId="amazon.nova-nonsense-v9:0", **ask()),
    )
    expect("its text", "model identifier is invalid" in str(unknown), str(unknown))
    fails(
        "bad signature",
        "InvalidSignatureException",
        403,
        lambda: client(secret="another").converse(modelId=NOVA, **ask()),
    )


def retries():
    error = fails(
        "retried throttling",
        "ThrottlingException",
        429,
        lambda: client(attempts=3).converse(modelId=NOVA, **ask("fault=throttle")),
    )
    attempts = error.response["ResponseMetadata"]["RetryAttempts"]
    expect("boto3 retried it", attempts == 2, attempts)


def stream_errors():
    for fault, code in [
        ("stream-throttle", "throttlingException"),
        ("stream-internal", "internalServerException"),
        ("stream-model-error", "modelStreamErrorException"),
        ("stream-validation", "validationException"),
        ("stream-unavailable", "serviceUnavailableException"),
    ]:
        reply = client().converse_stream(modelId=NOVA, **ask(f"output=20 fault={fault} after=2"))
        try:
            list(reply["stream"])
        except EventStreamError as error:
            found = error.response["Error"]["Code"]
            expect(fault, found == code, found)
        else:
            raise SystemExit(f"{fault}: the stream ended well")
    border = client().converse_stream(modelId=NOVA, **ask("output=20 fault=cut-border after=3"))
    names = [next(iter(event)) for event in border["stream"]]
    expect("a cut on a border looks like an end", "metadata" not in names, names)


CHECKS = [
    converse,
    converse_stream,
    invoke_model,
    invoke_model_stream,
    count_tokens,
    arn,
    errors,
    retries,
    stream_errors,
]

for check in CHECKS:
    check()
    print(f"{check.__name__}: held", flush=True)
