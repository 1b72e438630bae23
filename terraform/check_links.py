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
from dataclasses import dataclass, field
from pathlib import Path

PUBLISHING = "publishMessage"
TOKENS = re.compile(r'"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\\n])*"|\#[^\n]*|[A-Za-z_]\w*|[^\s,]', re.DOTALL)


@dataclass(slots=True)
class Field:
    """A field of an object type: its directives, and the mutations that its `@aws_subscribe` names."""

    directives: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def fields_of(schema: str) -> dict[str, Field]:
    """The fields of all types of a schema in SDL, as `Type.field`. What stands in descriptions and comments is none."""
    found: dict[str, Field] = {}
    depth, nested, kind, current, directive = 0, 0, "", Field(), ""
    words = [word for word in TOKENS.findall(schema) if not word.startswith(('"""', "#"))]
    for index, word in enumerate(words):
        before, after = (words[at] if 0 <= at < len(words) else "" for at in (index - 1, index + 1))
        if word in "{}":
            depth += 1 if word == "{" else -1
        elif word in "()":
            nested += 1 if word == "(" else -1
        elif depth == 0 and before in ("type", "interface", "input", "enum", "union"):
            kind = word
        elif before == "@":
            directive = word
            if depth == 1:
                current.directives += [word] if nested == 0 else []
        elif depth == 1 and nested == 0 and after in ("(", ":") and re.match(r"\w", word):
            current = found.setdefault(f"{kind}.{word}", Field())
        elif depth == 1 and nested == 1 and directive == "aws_subscribe" and word.startswith('"'):
            current.links.append(word.strip('"'))
        if word == ")":
            directive = ""
    return found


def dangers(
    schema: str, publish: str, prefix: str, ours: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[str]:
    """A sentence for each link that would let a caller decide what others hear.

    `ours`: each of our fields (`Subscription.onMessage`), and for each way to publish the mutations that feed it.
    """
    found = fields_of(schema)
    theirs = {name: given for name, given in found.items() if given.links}
    mutations = {named(name, prefix) for name in ours if name.startswith("Mutation.")}
    for name, feeding in ours.items():
        if (given := theirs.pop(f"Subscription.{named(name, prefix)}", None)) is None:
            continue
        allowed = {named(f"Mutation.{each}", prefix) for each in feeding[publish]}
        for link in given.links:
            if link not in allowed:
                yield f"{named(name, prefix)} is linked to {link}, which may be linked to nothing with publish={publish}."
    for name, given in theirs.items():
        for link in given.links:
            if link in mutations:
                yield f"{name} is linked to {link}: whoever calls it would decide what is heard there."
    internal = found.get(f"Mutation.{named(f'Mutation.{PUBLISHING}', prefix)}")
    if internal and internal.directives != ["aws_iam"]:
        yield f"{PUBLISHING} must be open to @aws_iam alone: it is to {internal.directives or 'the default mode'}."
    if publish == "stream" and internal is None:
        yield f"{PUBLISHING} is absent: nobody would hear anything."


def named(name: str, prefix: str) -> str:
    """A field in an API with a prefix: `chatSendMessage` of `Mutation.sendMessage`."""
    own = name.partition(".")[2]
    return f"{prefix[0].lower()}{prefix[1:]}{own[0].upper()}{own[1:]}" if prefix else own


def main() -> int:
    parser = argparse.ArgumentParser(prog="check_links")
    parser.add_argument("file", type=Path)
    parser.add_argument("--publish", choices=("sender", "stream"), default="sender")
    parser.add_argument("--prefix", default="")
    given = parser.parse_args()
    pieces = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    ours = {each["name"]: each["mutations"] for each in pieces["fields"]}
    try:
        found = list(dangers(given.file.read_text(encoding="utf-8"), given.publish, given.prefix, ours))
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
