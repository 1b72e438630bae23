"""Ask a deployment whether it serves: `python terraform/smoke.py https://…/graphql`. Standard library only.

Without a token: a call without one must be refused by the authorizer. With SMOKE_TOKEN (and SMOKE_ROOM, a room that its
owner is in): a message is sent, sent again under the same name, and read back. With SMOKE_API, the API's id (the AWS CLI is
asked for its schema), or with SMOKE_SCHEMA, a file with it: no subscription may be linked to a mutation that would let its
caller write into another room. SMOKE_PUBLISH is what the functions are told (`sender` unless it says `stream`), and SMOKE_PREFIX
the schema's prefix. Exit status 1 and a sentence otherwise.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
SEND = f"""mutation ($room: ID!, $text: String!, $name: ID) {{
  sendMessage(roomId: $room, text: $text, clientMessageId: $name) {{ {FIELDS} }}
}}"""
READ = (
    f"query ($room: ID!) {{ messages(roomId: $room, limit: 20) {{ items {{ {FIELDS} }} head {{ seq }} }} }}"
)


PARTS = Path(__file__).with_name("schema.json")
WORD = re.compile(r'"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\])*"|#[^\n\r]*|[_A-Za-z]\w*|[{}()\[\]:@]', re.DOTALL)
KINDS = ("schema", "type", "interface", "input", "enum", "union", "scalar", "directive")
Directives = Mapping[str, list[str]]
"""Those of a field or type, each with the texts among its arguments."""


class Deployed:
    """A schema as its SDL says: `types` by name, each with its directives and its fields'."""

    def __init__(self, sdl: str) -> None:
        words = [word for word in WORD.findall(sdl) if not word.startswith("#")]
        self.roots = {name.lower(): name for name in ("Query", "Mutation", "Subscription")}
        self.types: dict[str, tuple[Directives, dict[str, Directives]]] = {}
        for kind, head, body in _blocks(words):
            if kind == "schema":
                self.roots |= {
                    name.lower(): body[at + 2]
                    for at, name in enumerate(body)
                    if body[at + 1 : at + 2] == [":"]
                }
            elif kind == "type":
                of_type, fields = self.types.setdefault(head[0], ({}, {}))
                of_type |= _fields([head[0], ":", *head[1:]])[head[0]]  # type: ignore[operator]
                fields |= _fields(body)

    def fields(self, operation: str) -> dict[str, Directives]:
        """The root fields of `mutation` or `subscription`."""
        return self.types.get(self.roots[operation], ({}, {}))[1]

    def links(self) -> Iterator[tuple[str, str]]:
        """Each subscription with each mutation that it hears, whichever of both says so."""
        for name, directives in self.fields("subscription").items():
            yield from ((name, mutation) for mutation in directives.get("aws_subscribe", []))
        for name, directives in self.fields("mutation").items():
            yield from ((subscription, name) for subscription in directives.get("aws_publish", []))


def _blocks(words: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The definitions that have braces: `type`, what stands before the brace, and what is within."""
    at = 0
    while at < len(words):
        kind, head, at = words[at], [], at + 1
        if kind not in KINDS:
            continue
        while at < len(words) and words[at] != "{" and words[at] not in KINDS:
            head.append(words[at])
            at += 1
        if words[at : at + 1] == ["{"]:
            begin, depth = at + 1, 0
            while at < len(words):  # what an argument is by default may have braces, too
                depth += (words[at] == "{") - (words[at] == "}")
                at += 1
                if depth == 0:
                    break
            yield kind, head, words[begin : at - 1]


def _fields(words: list[str]) -> dict[str, Directives]:
    """The fields between braces, with their directives: those of arguments are none of these."""
    found: dict[str, dict[str, list[str]]] = {}
    name, directive, depth = "", "", 0
    for at, word in enumerate(words):
        depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
        if depth == 0 and word == "@":
            directive = words[at + 1]
            found[name][directive] = []
        elif (
            depth == 0
            and word.isidentifier()
            and words[at - 1] != "@"
            and words[at + 1 : at + 2] in ([":"], ["("])
        ):
            name, directive = word, ""
            found[name] = {}
        elif depth > 0 and directive and word.startswith('"') and not word.startswith('"""'):
            found[name][directive].append(json.loads(word))
    return dict(found)


def dangers(sdl: str, publish: str, prefix: str = "") -> Iterator[str]:
    """A sentence for each thing that lets somebody write into another room, or nobody hear anything."""
    parts = json.loads(PARTS.read_text(encoding="utf-8"))
    deployed, internal = Deployed(sdl), _prefixed("publishMessage", prefix)
    known = {_prefixed(each["name"].partition(".")[2], prefix): each for each in parts["fields"]}
    heard = {
        name: {_prefixed(mutation, prefix) for mutation in each["mutations"][publish]}
        for name, each in known.items()
        if each["root"] == "Subscription"
    }
    ours = {name for name, each in known.items() if each["root"] == "Mutation"}
    links = sorted(set(deployed.links()))
    for subscription, mutation in links:
        if subscription in heard and mutation not in heard[subscription]:
            yield f"{subscription} is linked to {mutation}: whoever calls that chooses in which room it is heard."
        elif subscription not in heard and mutation in ours:
            yield f"{subscription} is linked to {mutation} of the chat: nothing keeps its subscribers to their rooms."
    marks = deployed.fields("mutation").get(internal)
    if publish == "sender":
        if marks is not None:
            yield f"{internal} is there, and this deployment publishes what senders select."
        return
    if marks is None or set(marks) != {"aws_iam"}:
        yield f"{internal} is to be there with @aws_iam and for no other mode."
    on_message = _prefixed("onMessage", prefix)
    if on_message in deployed.fields("subscription") and (on_message, internal) not in links:
        yield f"{on_message} is not linked to {internal}: nobody hears anything."
    for name in re.findall(r"^type (\w+) @published", "\n".join(parts["types"]), re.MULTILINE):
        directives = deployed.types.get(prefix + name, ({}, {}))[0]
        if directives and "aws_iam" not in directives:
            yield f"{prefix}{name} is not for @aws_iam: its fields reach subscribers as null."


def _prefixed(name: str, prefix: str) -> str:
    """As in chat/rules/schema_names.py."""
    return prefix[:1].lower() + prefix[1:] + name[:1].upper() + name[1:] if prefix else name


def deployed_schema(environment: Mapping[str, str]) -> str:
    """The schema that is to be read; empty: none. Raises `OSError`, and `AssertionError` with what the AWS CLI says."""
    if place := environment.get("SMOKE_SCHEMA"):
        return Path(place).read_text(encoding="utf-8")
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


def read_schema(environment: Mapping[str, str]) -> str:
    """A sentence about the deployed schema. Raises `AssertionError` with what is wrong with it."""
    publish = environment.get("SMOKE_PUBLISH") or "sender"
    if publish not in ("sender", "stream"):
        raise AssertionError("SMOKE_PUBLISH is sender or stream.")
    if not (sdl := deployed_schema(environment)):
        return "The deployed schema was not read: SMOKE_API or SMOKE_SCHEMA would say which it is."
    if found := list(dangers(sdl, publish, environment.get("SMOKE_PREFIX", ""))):
        raise AssertionError("\n".join(["The deployed schema is dangerous:", *found]))
    return f"No link of the deployed schema is dangerous with publish = {publish}."


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("https://", "http://127.0.0.1")):
        print("python terraform/smoke.py https://…/graphql", file=sys.stderr)
        return 2
    try:
        print(read_schema(os.environ))
        print(smoke(sys.argv[1], os.environ.get("SMOKE_TOKEN", ""), os.environ.get("SMOKE_ROOM", "smoke")))
    except (AssertionError, OSError, ValueError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
