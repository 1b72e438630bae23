"""Ask a deployment whether it serves: `python terraform/smoke.py https://…/graphql`. Without SMOKE_REALTIME
the standard library is enough.

Without a token: a call without one must be refused by the authorizer. With SMOKE_TOKEN (and SMOKE_ROOM, a room that its
owner is in): a message is sent, sent again under the same name, and read back. With SMOKE_API, the API's id (the AWS CLI is
asked for its schema): no subscription may be linked to a mutation that would let its caller write into another room. With SMOKE_REALTIME, the WebSocket's address, a subscription is opened and the message waited for (which needs aiohttp
and this repository on PYTHONPATH). SMOKE_PUBLISH is what the functions are told (`sender` unless it says `stream`), and SMOKE_PREFIX
the schema's prefix. Exit status 1 and a sentence otherwise.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from check_links import dangers

FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
SEND = f"""mutation ($room: ID!, $text: String!, $name: ID) {{
  sendMessage(roomId: $room, text: $text, clientMessageId: $name) {{ {FIELDS} }}
}}"""
READ = f"query ($room: ID!) {{ messages(roomId: $room, limit: 20) {{ items {{ {FIELDS} }} head {{ seq epoch }} }} }}"


def deployed_schema(environment: Mapping[str, str]) -> str:
    """The schema that is to be read; empty: none. Raises `AssertionError` with what the AWS CLI says."""
    if not (api := environment.get("SMOKE_API")):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.graphql"
        command = [
            "aws",
            "appsync",
            "get-introspection-schema",
            "--api-id",
            api,
            "--format",
            "SDL",
            "--include-directives",
        ]
        done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)  # noqa: S603  no shell
        if done.returncode:
            raise AssertionError(f"The schema of {api} cannot be read: {done.stderr.strip()}")
        return file.read_text(encoding="utf-8")


def ask(url: str, token: str, query: str, **variables: Any) -> tuple[int, Any]:
    """The HTTP status, and the JSON answer."""
    request = urllib.request.Request(  # noqa: S310  main() takes https, and http on this machine
        url,
        json.dumps({"query": query, "variables": variables}).encode(),
        {"content-type": "application/json", "authorization": token},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def smoke(url: str, token: str, room: str, realtime: str = "") -> str:
    """A sentence about what was found. Raises `AssertionError` with another one."""
    status, answer = ask(url, "nobody", "{ __typename }")
    if status != 401:
        raise AssertionError(f"A caller without a token got {status}: {answer}")
    if not token:
        return "The authorizer answers. With SMOKE_TOKEN and SMOKE_ROOM a message would be sent as well."
    name = f"smoke-{uuid.uuid4()}"
    sent = []

    def send() -> None:
        sent.append(ask(url, token, SEND, room=room, text="smoke", name=name)[1])

    if realtime:
        subscribe(url, realtime, token, room, name, send)
    else:
        send()
    send()
    if "errors" in sent[0] or sent[0] != sent[1]:
        raise AssertionError(f"Sending twice under one name gave {sent}")
    read = ask(url, token, READ, room=room)[1]
    if "errors" in read or sent[0]["data"]["sendMessage"] not in read["data"]["messages"]["items"]:
        raise AssertionError(f"What was sent was not read back: {read.get('errors')}")
    live = ", and arrived live" if realtime else ""
    return f"Message {sent[0]['data']['sendMessage']['seq']} was sent once and read back{live}."


def subscribe(url: str, realtime: str, token: str, room: str, name: str, send: Callable[[], None]) -> None:
    """That what `send` sends under `name` arrives. Raises `AssertionError`."""
    from smoke_live import heard  # noqa: PLC0415  it needs aiohttp, which the rest does not

    answer = ask(url, token, READ, room=room)[1]
    if "errors" in answer:
        raise AssertionError(f"The room {room} cannot be read: {answer['errors']}")
    heard(url, realtime, token, room, int(answer["data"]["messages"]["head"]["epoch"]), name, send)


def read_schema(environment: Mapping[str, str]) -> str:
    """A sentence about the deployed schema. Raises `AssertionError` with what is wrong with it."""
    publish = environment.get("SMOKE_PUBLISH") or "sender"
    if publish not in ("sender", "stream"):
        raise AssertionError("SMOKE_PUBLISH is sender or stream.")
    if not (sdl := deployed_schema(environment)):
        return "The deployed schema was not read: SMOKE_API would say which it is."
    if found := list(dangers(sdl, publish, environment.get("SMOKE_PREFIX", ""))):
        raise AssertionError("\n".join(["The deployed schema is dangerous:", *found]))
    return f"No link of the deployed schema is dangerous with publish = {publish}."


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("https://", "http://127.0.0.1")):
        print("python terraform/smoke.py https://…/graphql", file=sys.stderr)
        return 2
    try:
        print(read_schema(os.environ))
        token, room = os.environ.get("SMOKE_TOKEN", ""), os.environ.get("SMOKE_ROOM", "smoke")
        print(smoke(sys.argv[1], token, room, os.environ.get("SMOKE_REALTIME", "")))
    except (AssertionError, OSError, ValueError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
