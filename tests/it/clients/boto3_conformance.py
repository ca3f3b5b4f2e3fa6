"""boto3, unchanged, against the simulator: every operation, streams and errors included.

What there is to check is read from the service model that boto3 carries: an error or an exception
that it has and TABLE lacks fails too. Usage: boto3_conformance.py ENDPOINT TABLE. Exits 0 when
every check held, else says which did not.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from referee import error_of, expect

TABLE = json.loads(sys.argv[2])
# In the service model an error of the request, but by its text one of a stream that had begun.
IN_STREAM_ONLY = {"ModelStreamErrorException"}
NOVA = "amazon.nova-lite-v1:0"
BASE = "anthropic.claude-haiku-4-5-20251001-v1:0"
HAIKU = "us." + BASE
CLAUDE_BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "hello"}],
}


def client(service="bedrock-runtime", secret="secret", attempts=1):
    return boto3.client(
        service,
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
    expect("stream start", names[0] == "messageStart", names)
    expect("stream end", names[-2:] == ["messageStop", "metadata"], names)
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
    reply = client().count_tokens(modelId=BASE, input={"converse": converse})
    expect("counted", reply["inputTokens"] > 0, reply)
    body = json.dumps(CLAUDE_BODY).encode()
    reply = client().count_tokens(modelId=BASE, input={"invokeModel": {"body": body}})
    expect("counted a body", reply["inputTokens"] > 0, reply)


def guardrails():
    reply = guard("lenient", outputScope="FULL")
    expect("not blocked", (reply["action"], reply["outputs"]) == ("NONE", []), reply)
    expect("units", reply["usage"]["contentPolicyUnits"] == 2, reply)
    reply = guard("strict")
    expect("blocked", reply["action"] == "GUARDRAIL_INTERVENED", reply)
    topics = reply["assessments"][0]["topicPolicy"]["topics"]
    expect("assessed", topics[0]["action"] == "BLOCKED", reply)


def control_plane():
    bedrock = client("bedrock")
    models = bedrock.list_foundation_models(byOutputModality="TEXT")["modelSummaries"]
    expect("models", NOVA in [model["modelId"] for model in models], models)
    for model in models[:5]:
        alone = bedrock.get_foundation_model(modelIdentifier=model["modelArn"])["modelDetails"]
        expect("a model", alone == model, (alone, model))
    pages = bedrock.get_paginator("list_inference_profiles")
    pages = pages.paginate(PaginationConfig={"PageSize": 7})
    profiles = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
    ids = [profile["inferenceProfileId"] for profile in profiles]
    expect("profiles", HAIKU in ids and len(ids) == len(set(ids)) > 7, ids)
    expect("a time", profiles[0]["createdAt"].year > 2000, profiles[0])
    alone = bedrock.get_inference_profile(inferenceProfileIdentifier=HAIKU)
    del alone["ResponseMetadata"]
    expect("a profile", alone in profiles, alone)
    fails(
        "no such model",
        "ResourceNotFoundException",
        404,
        lambda: bedrock.get_foundation_model(modelIdentifier="no.such-model"),
    )
    fails(
        "no such filter",
        "ValidationException",
        400,
        lambda: bedrock.list_foundation_models(byOutputModality="SMELL"),
    )


def arn():
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + HAIKU
    reply = client().converse(modelId=profile, **ask())
    expect("arn", reply["usage"]["inputTokens"] > 0, reply)


def fails(what, code, status, call):
    error = error_of(what, ClientError, call)
    found = error.response["Error"]["Code"]
    http = error.response["ResponseMetadata"]["HTTPStatusCode"]
    expect(what, (found, http) == (code, status), (found, http, str(error)))
    return error


def body(words):
    metadata = json.dumps({"bursar-sim": words})
    return {"modelId": HAIKU, "body": json.dumps(CLAUDE_BODY), "requestMetadata": metadata}


def count(_words):
    return client().count_tokens(modelId=BASE, input={"converse": {"messages": ask()["messages"]}})


def guard(words, **more):
    guardrail = words.removeprefix("fault=").replace("-", "")
    return client().apply_guardrail(
        guardrailIdentifier=guardrail,
        guardrailVersion="1",
        source="INPUT",
        content=[{"text": {"text": "a" * 1500}}],
        **more,
    )


# How each operation is asked to fail. Two have no metadata, and fail by rule.
OPERATIONS = {
    "ApplyGuardrail": guard,
    "CountTokens": count,
    "Converse": lambda words: client().converse(modelId=NOVA, **ask(words)),
    "ConverseStream": lambda words: client().converse_stream(modelId=NOVA, **ask(words)),
    "InvokeModel": lambda words: client().invoke_model(**body(words)),
    "InvokeModelWithResponseStream": lambda words: client().invoke_model_with_response_stream(
        **body(words)
    ),
}


def model(operation):
    return client().meta.service_model.operation_model(operation)


def errors():
    for operation, call in OPERATIONS.items():
        modelled = {
            (shape.name, shape.metadata["error"]["httpStatusCode"])
            for shape in model(operation).error_shapes
            if shape.name not in IN_STREAM_ONLY
        }
        seen = set()
        for fault, code, status in TABLE["errors"]:
            error = fails(f"{operation}: {fault}", code, status, lambda: call(f"fault={fault}"))
            if (code, status) in modelled:
                is_its_own = isinstance(error, getattr(client().exceptions, code))
                expect(f"{operation}: {fault}: class", is_its_own, error)
            seen.add((code, status))
        expect(f"{operation}: errors never seen", modelled <= seen, modelled - seen)


def refusals():
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


def exceptions():
    for operation in ["ConverseStream", "InvokeModelWithResponseStream"]:
        members = model(operation).get_event_stream_output().members
        modelled = {name for name, shape in members.items() if shape.metadata.get("exception")}
        seen = set()
        for fault, code, _ in TABLE["exceptions"]:
            name = code[0].lower() + code[1:]
            if name not in modelled:
                continue
            reply = OPERATIONS[operation](f"output=20 fault={fault} after=2")
            events, error = broken(reply.get("stream") or reply.get("body"))
            expect(f"{operation}: {fault}", (events, error) == (2, name), (events, error))
            seen.add(name)
        expect(f"{operation}: exceptions never seen", modelled == seen, modelled - seen)


def broken(stream):
    events = 0
    try:
        for _ in stream:
            events += 1
    except EventStreamError as error:
        return events, error.response["Error"]["Code"]
    raise SystemExit(f"the stream ended well after {events} events")


def cuts():
    border = client().converse_stream(modelId=NOVA, **ask("output=20 fault=cut-border after=3"))
    names = [next(iter(event)) for event in border["stream"]]
    expect("a cut on a border looks like an end", "metadata" not in names, names)


CHECKS = [
    converse,
    converse_stream,
    invoke_model,
    invoke_model_stream,
    errors,
    count_tokens,
    guardrails,
    control_plane,
    arn,
    refusals,
    retries,
    exceptions,
    cuts,
]

for check in CHECKS:
    check()
    print(f"{check.__name__}: held", flush=True)
