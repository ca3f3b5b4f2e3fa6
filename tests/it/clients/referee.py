"""What the referees share: how a check fails, how a call is told, and what is asked with."""

import json

WEATHER = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def expect(what, condition, detail=None):
    """Ends the script where a check does not hold."""
    if not condition:
        raise SystemExit(f"{what}: {detail!r}")


def error_of(what, kind, call):
    """The error of a kind that a call ends in."""
    try:
        call()
    except kind as error:
        return error
    raise SystemExit(f"{what}: no error came")


def tell(call_id, given, generated):
    """What the client was told that a call used."""
    call = {"id": call_id, "input": given, "output": generated}
    print("call: " + json.dumps(call), flush=True)
