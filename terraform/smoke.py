"""Ask a deployment whether it serves: `python terraform/smoke.py https://…/graphql`. Standard library only.

Without a token: a call without one must be refused by the authorizer. With SMOKE_TOKEN (and SMOKE_ROOM, a room that its
owner is in): a message is sent, sent again under the same name, and read back. Exit status 1 and a sentence otherwise.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from typing import Any

FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
SEND = f"""mutation ($room: ID!, $text: String!, $name: ID) {{
  sendMessage(roomId: $room, text: $text, clientMessageId: $name) {{ {FIELDS} }}
}}"""
READ = (
    f"query ($room: ID!) {{ messages(roomId: $room, limit: 20) {{ items {{ {FIELDS} }} head {{ seq }} }} }}"
)


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


def smoke(url: str, token: str, room: str) -> str:
    """A sentence about what was found. Raises `AssertionError` with another one."""
    status, answer = ask(url, "nobody", "{ __typename }")
    if status != 401:
        raise AssertionError(f"A caller without a token got {status}: {answer}")
    if not token:
        return "The authorizer answers. With SMOKE_TOKEN and SMOKE_ROOM a message would be sent as well."
    name = f"smoke-{uuid.uuid4()}"
    sent = [ask(url, token, SEND, room=room, text="smoke", name=name)[1] for _ in range(2)]
    if "errors" in sent[0] or sent[0] != sent[1]:
        raise AssertionError(f"Sending twice under one name gave {sent}")
    read = ask(url, token, READ, room=room)[1]
    if "errors" in read or sent[0]["data"]["sendMessage"] not in read["data"]["messages"]["items"]:
        raise AssertionError(f"What was sent was not read back: {read.get('errors')}")
    return f"Message {sent[0]['data']['sendMessage']['seq']} was sent once and read back."


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("https://", "http://127.0.0.1")):
        print("python terraform/smoke.py https://…/graphql", file=sys.stderr)
        return 2
    try:
        print(smoke(sys.argv[1], os.environ.get("SMOKE_TOKEN", ""), os.environ.get("SMOKE_ROOM", "smoke")))
    except (AssertionError, OSError, ValueError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
