"""boto3 over TLS against `bursar simulate`: guardrails, the control plane, who calls, a bearer key, a
quota.

Arguments: the endpoint, the file of its certificate, and the ARNs of its application profile and of
its prompt router.
"""

import json
import os
import ssl
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, CERTIFICATE, PROFILE, ROUTER = sys.argv[1:5]
NOVA = "amazon.nova-lite-v1:0"


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        verify=CERTIFICATE,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


def check_guardrail(runtime):
    content = [
        {"text": {"text": "a" * 1001}},
        {"image": {"format": "png", "source": {"bytes": b"png"}}},
    ]
    reply = runtime.apply_guardrail(
        guardrailIdentifier="ab1", guardrailVersion="DRAFT", source="INPUT", content=content
    )
    assert reply["action"] == "NONE", reply
    usage = reply["usage"]
    assert (usage["topicPolicyUnits"], usage["contentPolicyImageUnits"]) == (2, 1), usage


def check_lists(bedrock):
    models = bedrock.list_foundation_models(byInferenceType="ON_DEMAND")["modelSummaries"]
    assert NOVA in [model["modelId"] for model in models]
    details = bedrock.get_foundation_model(modelIdentifier=NOVA)["modelDetails"]
    assert details["modelLifecycle"]["startOfLifeTime"].year == 2024, details
    pages = bedrock.get_paginator("list_inference_profiles").paginate(
        PaginationConfig={"PageSize": 5}
    )
    profiles = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
    assert len({profile["inferenceProfileArn"] for profile in profiles}) == len(profiles) > 5
    one = bedrock.get_inference_profile(inferenceProfileIdentifier=PROFILE)
    assert (one["type"], one["models"][0]["modelArn"].split("/")[1]) == ("APPLICATION", NOVA), one
    router = bedrock.get_prompt_router(promptRouterArn=ROUTER)
    assert (router["type"], len(router["models"])) == ("custom", 2), router
    assert router["fallbackModel"] == router["models"][1], router
    access = bedrock.get_foundation_model_availability(modelId=NOVA)
    assert access["authorizationStatus"] == "AUTHORIZED", access
    assert access["regionAvailability"] == "AVAILABLE", access
    try:
        bedrock.get_inference_profile(inferenceProfileIdentifier="us.no.such")
        raise AssertionError("a profile that is none was found")
    except bedrock.exceptions.ResourceNotFoundException:
        pass


def check_caller(sts):
    told = sts.get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{told['Account']}:user/simulated", told
    try:
        sts.get_session_token()
        raise AssertionError("more of STS is served than is said")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidAction", error


def check_quota(runtime):
    messages = [{"role": "user", "content": [{"text": "Hello"}]}]
    reply = runtime.converse(modelId=PROFILE, messages=messages)
    assert reply["usage"]["outputTokens"] > 0
    # A new minute may begin between two calls; not between all of so many.
    for _ in range(20):
        try:
            runtime.converse(modelId=PROFILE, messages=messages)
        except ClientError as error:
            assert "Too many requests" in str(error), error
            return
    raise AssertionError("no call was throttled")


def calls():
    context = ssl.create_default_context(cafile=CERTIFICATE)
    with urllib.request.urlopen(ENDPOINT + "/_simulator/calls", context=context) as reply:
        return json.load(reply)["calls"]


check_guardrail(client("bedrock-runtime"))
check_lists(client("bedrock"))
check_caller(client("sts"))
check_quota(client("bedrock-runtime"))
os.environ["AWS_BEARER_TOKEN_BEDROCK"] = "any"
check_guardrail(client("bedrock-runtime"))
meters = calls()[0]["meters"]
assert meters["topicPolicyUnits"] == 2 and meters["contentPolicyImageUnits"] == 1, meters
print("ok")
