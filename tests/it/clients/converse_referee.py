"""What the gateway makes of OpenAI's requests, judged by AWS's own model of the service.

It starts the gateway before a server that answers every request alike, and hands each body that came
to botocore, which knows every member and its type. Usage: converse_referee.py PROGRAM. Says each
check that held. Exits 0 when every one did, else says which did not.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.session
import botocore.validate
import openai

HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-pro-v1:0"
THINKER = "openai.gpt-oss-20b-1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
FORM = {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"city": "x"}'}}
ANSWER = {
    "metrics": {"latencyMs": 1},
    "output": {"message": {"role": "assistant", "content": [{"text": "so"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
}
SAID = [
    {
        "role": "system",
        "content": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
    },
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,YWJj"}},
        ],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "a", "content": "sunny"},
]
CHECKS = {
    "settings": {
        "model": NOVA,
        "max_tokens": 5,
        "temperature": 0.3,
        "top_p": 0.9,
        "stop": ["a", "b"],
        "metadata": {"job": "x"},
        "service_tier": "flex",
    },
    "one_call_at_a_time": {
        "tools": [TOOL],
        "tool_choice": "required",
        "parallel_tool_calls": False,
    },
    "one_tool": {
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    },
    "schema_and_effort": {"response_format": FORM, "reasoning_effort": "high"},
    "json": {"response_format": {"type": "json_object"}},
    "thoughts": {"model": THINKER, "reasoning_effort": "low"},
    "conversation": {"messages": SAID, "tools": [TOOL]},
}

service = botocore.session.get_session().get_service_model("bedrock-runtime")
shape = service.operation_model("Converse").input_shape
came = []


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def as_botocore_takes_it(value):
    """The same, with base64 as the bytes that it stands for."""
    if isinstance(value, list):
        return [as_botocore_takes_it(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64decode(item) if name == "bytes" else as_botocore_takes_it(item)
        for name, item in value.items()
    }


def judge(name, body):
    asked = as_botocore_takes_it(body) | {"modelId": "x"}
    report = botocore.validate.ParamValidator().validate(asked, shape)
    if report.has_errors():
        raise SystemExit(f"{name}: {report.generate_report()}: {json.dumps(body)}")


upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=upstream.serve_forever, daemon=True).start()
place = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{upstream.server_port}"}
gateway = subprocess.Popen(
    [sys.argv[1], "serve", "--open", "--listen", "127.0.0.1:0"],
    env=os.environ | place,
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
)
try:
    url = gateway.stdout.readline().strip().removeprefix("listening on ")
    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    for name, more in CHECKS.items():
        asked = {"model": HAIKU, "messages": [{"role": "user", "content": "hello"}]} | more
        reply = client.chat.completions.create(**asked)
        if reply.choices[0].message.content != "so" or len(came) != 1:
            raise SystemExit(f"{name}: {reply!r}")
        judge(name, came.pop())
        print(f"{name}: held", flush=True)
finally:
    gateway.terminate()
    gateway.wait()
