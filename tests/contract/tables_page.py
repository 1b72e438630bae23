"""The table of what is written into DynamoDB, as docs/adopting.md has it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chat.rules.models import Item
from simulator.engine import PROJECT

PAGE = (PROJECT / "docs" / "adopting.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """A kind of item: the beginnings of its keys, its strings and numbers, and what is said of `expiresAt`."""

    partition_key: str
    sort_key: str
    strings: frozenset[str]
    numbers: frozenset[str]
    expires: str

    def unexpected(self, item: Item) -> set[str]:
        """The attributes of an item that the row does not say, or of another type."""
        numbers = self.numbers | ({"expiresAt"} if self.expires != "–" else set())
        return {
            name
            for name, value in item.items()
            if not ("S" in value and name in self.strings | {"PK", "SK", "type"})
            and not ("N" in value and _general(name) in numbers)
            and name != "adoptedTs"
        }


def _general(name: str) -> str:
    """An attribute's name as the page says it: that of a bucket ends with milliseconds, that of an emoji with its bytes."""
    return re.sub(r"^e([0-9a-f]{2})+$", "e{emoji}", re.sub(r"^h\d+$", "h{ms}", name))


def rows() -> Mapping[str, Row]:
    """The rows by the `type` of their items."""
    return dict(_rows())


def _rows() -> Iterator[tuple[str, Row]]:
    (section,) = re.findall(r"^### What we write\n(.*?)^###", PAGE, re.MULTILINE | re.DOTALL)
    above = ""
    for line in re.findall(r"^\| .*`.*\|$", section, re.MULTILINE):
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        partition_key, sort_key, kind, strings, numbers, expires, _ = cells
        if kind == "`type`":
            continue
        above = partition_key or above
        own = Row(_begins(above), _begins(sort_key), _names(strings), _names(numbers), expires)
        yield kind.strip("`"), own


def _names(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([^`]+)`", cell))


def _begins(cell: str) -> str:
    return cell.split("`")[1].partition("{")[0]
