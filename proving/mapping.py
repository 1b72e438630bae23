"""What a chat is called: a mapping file names its documents, where fields lie in its answers, and what it does not promise.

TOML or JSON. docs/proving.md describes it, `proving/mappings/` has two.
"""

import json
import re
import tomllib
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proving.limits import FILE_BYTES

PATHS: Map[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(needed.split()), frozenset(optional.split()))
    for name, needed, optional in (
        ("create_room", "room", ""),
        ("add_member", "", ""),
        ("join", "", ""),
        ("remove_member", "", ""),
        ("ban", "", ""),
        ("mute", "", ""),
        ("leave", "", ""),
        ("end_room", "", ""),
        ("set_limits", "", ""),
        ("send", "message", ""),
        ("edit", "message", ""),
        ("remove_message", "message", ""),
        ("history", "items next", ""),
        ("after", "items next", ""),
        ("changes", "items next", ""),
        ("position", "", "epoch since after"),
        ("mark_read", "", ""),
        ("unread", "count", "items next room"),
        ("subscribe", "message", ""),
    )
}
"""Each operation: which paths into its answer it needs, and which it may have."""
NEEDED = frozenset({"create_room", "send", "history"})
VARIABLES = frozenset(
    {
        "room",
        "text",
        "key",
        "clock",
        "user",
        "limit",
        "cursor",
        "after",
        "since",
        "epoch",
        "id",
        "number",
        "name",
        "until",
    }
)
"""What documents may declare; those that they do not declare are not sent."""
MESSAGE = frozenset({"id", "room", "sender", "text", "key", "number", "instant", "epoch"})
"""What of a message may be named. `id` and `text` are needed."""
REFUSALS = frozenset({"stranger", "forbidden", "mismatch", "invalid", "limited", "muted", "stale_epoch"})
ORDERS = ("newest_first", "oldest_first")
TABLES = {"name", "header", "order", "after_field", "message", "refusals", "not_promised", "operations"}
NAME = re.compile(r"[A-Za-z_]\w{0,99}(\.[A-Za-z_]\w{0,99}){0,9}", re.ASCII)


class BadMapping(Exception):
    """A mapping file that cannot be used. The text names the place."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One document. `variables`: those that it declares; `paths`: where its answer has what."""

    document: str
    variables: frozenset[str]
    paths: Map[str, str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A chat as a mapping file describes it.

    `header`: the request's header that carries the token, in lower case. `message`: where a message has what.
    `order`: of `history`. `after_field`: which field of a message `after` is asked with. `refusals`: the error types
    that mean something; what is not named may be any. `not_promised`: patterns of checks, with the reason of each.
    """

    name: str
    header: str
    order: str
    after_field: str
    message: Map[str, str]
    refusals: Map[str, frozenset[str]]
    not_promised: Map[str, str]
    operations: Map[str, Operation]

    @property
    def selected(self) -> str:
        """What `<message>` stands for in documents: every field of a message that is named."""
        return selection(self.message.values())


def load(path: Path) -> Mapping:
    """Raises `BadMapping` and `OSError`."""
    return read(_parsed(path))


def read_gaps(path: Path) -> Map[str, str]:
    """A file of one table, `[gaps]`: patterns of checks, with the reason of each. Raises `BadMapping` and `OSError`."""
    table = _table(_parsed(path), path.name)
    _known(table, {"gaps"}, path.name)
    return _texts(table.get("gaps"), "gaps")


def _parsed(path: Path) -> object:
    """TOML or JSON. Raises `BadMapping` and `OSError`."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise BadMapping(f"{path.name} has more than {FILE_BYTES} bytes.")
    try:
        text = content.decode()
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMapping(f"{path.name}: {error}") from None


def read(given: object) -> Mapping:
    """Raises `BadMapping`."""
    table = _table(given, "the file")
    _known(table, TABLES, "the file")
    message = _texts(table.get("message"), "message")
    _known(message, MESSAGE, "message")
    if missing := {"id", "text"} - message.keys():
        raise BadMapping(f"message lacks {', '.join(sorted(missing))}.")
    if wrong := [path for path in message.values() if not NAME.fullmatch(path)]:
        raise BadMapping(f"message: {wrong[0]!r} is no path of field names.")
    operations = {
        name: _operation(name, each, selection(message.values()))
        for name, each in _table(table.get("operations"), "operations").items()
    }
    if absent := NEEDED - operations.keys():
        raise BadMapping(f"operations lacks {', '.join(sorted(absent))}.")
    refusals = _table(table.get("refusals", {}), "refusals")
    _known(refusals, REFUSALS, "refusals")
    order = _text(table.get("order", ORDERS[0]), "order")
    after_field = _text(table.get("after_field", "id"), "after_field")
    if order not in ORDERS:
        raise BadMapping(f"order is {' or '.join(ORDERS)}.")
    if after_field not in message:
        raise BadMapping(f"after_field: message has no {after_field}.")
    return Mapping(
        name=_text(table.get("name"), "name"),
        header=_text(table.get("header", "authorization"), "header").lower(),
        order=order,
        after_field=after_field,
        message=message,
        refusals={kind: _names(each, f"refusals.{kind}") for kind, each in refusals.items()},
        not_promised=_texts(table.get("not_promised", {}), "not_promised"),
        operations=operations,
    )


def selection(paths: Any) -> str:
    """`id author.id author.name` as GraphQL selects it: `id author { id name }`."""
    inner: dict[str, list[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        inner.setdefault(first, [])
        if rest and rest not in inner[first]:
            inner[first].append(rest)
    return " ".join(f"{name} {{ {selection(rest)} }}" if rest else name for name, rest in inner.items())


def _operation(name: str, given: object, message: str) -> Operation:
    where = f"operations.{name}"
    if name not in PATHS:
        raise BadMapping(f"{where}: there is no such operation. There are: {', '.join(PATHS)}.")
    table = _texts(given, where)
    needed, optional = PATHS[name]
    if missing := (needed | {"document"}) - table.keys():
        raise BadMapping(f"{where} lacks {', '.join(sorted(missing))}.")
    _known(table, needed | optional | {"document"}, where)
    document = table.pop("document").replace("<message>", message)
    variables = frozenset(re.findall(r"\$(\w+)\s*:", document, re.ASCII))
    if unknown := variables - VARIABLES:
        raise BadMapping(
            f"{where}: nothing gives {', '.join(sorted(unknown))}. There are: {', '.join(sorted(VARIABLES))}."
        )
    return Operation(document, variables, table)


def _known(table: Map[str, Any], names: Any, where: str) -> None:
    if unknown := table.keys() - set(names):
        raise BadMapping(f"{where}: unknown {', '.join(sorted(unknown))}.")


def _table(given: object, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadMapping(f"{where} is no table.")
    return dict(given)


def _text(given: object, where: str) -> str:
    if not isinstance(given, str) or not given:
        raise BadMapping(f"{where} is no text.")
    return given


def _texts(given: object, where: str) -> dict[str, str]:
    return {name: _text(each, f"{where}.{name}") for name, each in _table(given, where).items()}


def _names(given: object, where: str) -> frozenset[str]:
    if not isinstance(given, list):
        raise BadMapping(f"{where} is no list.")
    return frozenset(_text(each, where) for each in given)
