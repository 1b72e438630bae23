"""Ask a deployed schema who publishes: `python3 terraform/check_links.py FILE [--publish=stream] [--prefix=Chat]`. Standard
library only.

FILE is what AWS tells of the API: `aws appsync get-introspection-schema --api-id ID --format SDL --include-directives FILE`.
A subscription hears what its linked mutations answer, with the fields that *their* caller selects. So each of ours may be linked
to those alone whose functions check the selection, or which only the stream's reader may call; and a subscription of another
team's to none of ours. Exit status 1 and a sentence for each dangerous link otherwise.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
                for name, directives in _fields(body).items():
                    known = fields.setdefault(name, {})
                    fields[name] = {
                        each: [*known.get(each, ()), *directives.get(each, ())]
                        for each in {**known, **directives}
                    }

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
        if kind != "schema":  # a type's name may be any of these words
            head, at = words[at : at + 1], at + 1
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
            found[name].setdefault(directive, [])
        elif (
            depth == 0
            and word.isidentifier()
            and words[at - 1] != "@"
            and words[at + 1 : at + 2] in ([":"], ["("])
        ):
            name, directive = word, ""
            found.setdefault(name, {})
        elif depth > 0 and directive and word.startswith('"'):
            found[name][directive].append(word[3:-3].strip() if word.startswith('"""') else json.loads(word))
    return dict(found)


def dangers(sdl: str, publish: str, prefix: str = "") -> Iterator[str]:
    """A sentence for each thing that lets somebody write into another room, or nobody hear anything."""
    parts = json.loads(PARTS.read_text(encoding="utf-8"))
    deployed = Deployed(sdl)
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
    yield from _internal_dangers(deployed, parts, publish, prefix)


def _internal_dangers(deployed: Deployed, parts: Any, publish: str, prefix: str) -> Iterator[str]:
    """The same of the internal mutations: who may call them, and whether they are heard."""
    internal, of_people = _prefixed("publishMessage", prefix), _prefixed("publishMine", prefix)
    marks = deployed.fields("mutation").get(internal)
    if publish == "sender":
        if marks is not None:
            yield f"{internal} is there, and this deployment publishes what senders select."
        return
    if marks is None or set(marks) != {"aws_iam"}:
        yield f"{internal} is to be there with @aws_iam and for no other mode."
    if set(deployed.fields("mutation").get(of_people, {"aws_iam"})) != {"aws_iam"}:
        yield f"{of_people} is to be for @aws_iam and for no other mode."
    links = set(deployed.links())
    for subscription, mutation in (("onMessage", internal), ("onMine", of_people)):
        name = _prefixed(subscription, prefix)
        if name in deployed.fields("subscription") and (name, mutation) not in links:
            yield f"{name} is not linked to {mutation}: nobody hears anything."
    for name in re.findall(r"^type (\w+) @published", "\n".join(parts["types"]), re.MULTILINE):
        directives = deployed.types.get(prefix + name, ({}, {}))[0]
        if directives and "aws_iam" not in directives:
            yield f"{prefix}{name} is not for @aws_iam: its fields reach subscribers as null."


def _prefixed(name: str, prefix: str) -> str:
    """As in chat/rules/schema_names.py."""
    return prefix[:1].lower() + prefix[1:] + name[:1].upper() + name[1:] if prefix else name


def main() -> int:
    parser = argparse.ArgumentParser(prog="check_links")
    parser.add_argument("file", type=Path)
    parser.add_argument("--publish", choices=("sender", "stream"), default="sender")
    parser.add_argument("--prefix", default="")
    given = parser.parse_args()
    try:
        found = list(dangers(given.file.read_text(encoding="utf-8"), given.publish, given.prefix))
    except OSError as failure:
        print(failure, file=sys.stderr)
        return 2
    for sentence in found:
        print(sentence, file=sys.stderr)
    if not found:
        print("Subscriptions hear what they may, and nothing else.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
