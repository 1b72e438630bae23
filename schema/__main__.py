"""`make schema`: the schema for an API, or what it becomes within one, alone on stdout."""

import argparse
import sys
from pathlib import Path

from schema.document import printed
from schema.merge import Theirs, merge
from schema.needs import notes
from schema.request import Request, SchemaRefused

PARTS = """\
notes go to stderr. Without INTO it prints a schema by itself. To paste it by hand: the fields of its Query,
Mutation and Subscription into the types of these names that are there (AppSync does not take `extend type`), its
other types beside them, and not its `schema` block."""


def main() -> int:
    given = _arguments()
    try:
        request = Request.of(
            modes=_words(given.modes) or ("lambda",),
            default=given.default or None,
            fields=_words(given.fields) or None,
            prefix=given.prefix,
            publish=given.publish or "sender",
        )
        theirs = Theirs.of(_text(given.into)) if given.into else None
        text = merge(theirs, request) if theirs else printed(request)
    except SchemaRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    for note in (*notes(request), *(theirs.notes() if theirs else ())):
        print(f"note: {note}", file=sys.stderr)
    sys.stdout.buffer.write(text.encode())
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m schema", description=__doc__, epilog=PARTS)
    add = parser.add_argument
    add(
        "--fields",
        default="",
        metavar="Query.messages,…",
        help="these root fields and what they reach; else all",
    )
    add("--prefix", default="", metavar="Chat", help="types as ChatMessage, fields as chatMessages")
    add(
        "--modes",
        default="",
        metavar="lambda,…",
        help="who may read them: lambda (if absent), cognito, oidc, iam",
    )
    add(
        "--default",
        default="",
        metavar="MODE",
        help="the API's default mode, also api_key; else the first of them",
    )
    add("--publish", default="", metavar="stream", help="sender (if absent) or stream: docs/publishing.md")
    add("--into", default="", metavar="FILE", help="a schema that is there: prints it with these in it")
    return parser.parse_args()


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode()
    except OSError as error:
        raise SchemaRefused(f"INTO: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SchemaRefused(f"INTO: {path} is not UTF-8") from None


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


if __name__ == "__main__":
    sys.exit(main())
