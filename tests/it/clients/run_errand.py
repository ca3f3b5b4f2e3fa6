"""What somebody's own script does under `bursar run`: calls of every dialect, as its clients make them
by themselves, with nothing said of an address or a key.

Usage: run_errand.py WHAT, which is one of:
- all: one call of each client; a line `call: ID` of each
- spend: asks boto3 until it is refused, swallows that, prints `made: N` and exits 0
- crowd: the same from twelve threads at once
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.exceptions import ClientError

NOVA = "amazon.nova-lite-v1:0"
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
MESSAGES = [{"role": "user", "content": "hello"}]


def converse(client, words="input=374 output=44"):
    asked = {"modelId": NOVA, "messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    asked["inferenceConfig"] = {"maxTokens": 60}
    asked["requestMetadata"] = {"bursar-sim": words}
    return client.converse(**asked)


def every_client():
    import anthropic
    import openai

    headers = converse(boto3.client("bedrock-runtime"))["ResponseMetadata"]["HTTPHeaders"]
    print("call: " + headers["x-bursar-call-id"])
    chat = openai.OpenAI().chat.completions.with_raw_response
    reply = chat.create(model=NOVA, messages=MESSAGES, max_tokens=50)
    print("call: " + reply.headers["x-bursar-call-id"])
    for client in [anthropic.Anthropic(), anthropic.AnthropicBedrock(aws_region="us-east-1")]:
        create = client.messages.with_raw_response.create
        reply = create(model=HAIKU, max_tokens=64, messages=MESSAGES)
        print("call: " + reply.headers["x-bursar-call-id"])


def spend(client):
    made = 0
    try:
        while made < 200:
            converse(client)
            made += 1
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ServiceQuotaExceededException", error
    return made


def spend_at_once(threads):
    client = boto3.client("bedrock-runtime")
    with ThreadPoolExecutor(threads) as pool:
        print("made:", sum(pool.map(spend, [client] * threads)))


if sys.argv[1] == "all":
    every_client()
else:
    spend_at_once(12 if sys.argv[1] == "crowd" else 1)
