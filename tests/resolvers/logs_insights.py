"""As much of CloudWatch Logs Insights as our saved queries use: fields, filter, sort and limit, on lines of JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Line = Mapping[str, Any]
NAME = r"@?[A-Za-z_][A-Za-z0-9_.]*"
VALUE = r'"[^"]*"|\d+(?:\.\d+)?|\[[^\]]*\]'
CONDITION = re.compile(rf"({NAME}) (=|like|in|>|<) ({VALUE})")
BY: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, wanted: bool(found == wanted),
    "like": lambda found, wanted: wanted in found,
    "in": lambda found, wanted: found in wanted,
    ">": lambda found, wanted: bool(found > wanted),
    "<": lambda found, wanted: bool(found < wanted),
}


@dataclass(frozen=True)
class Query:
    """`shown`: the fields in their order. `conditions`: a field, an operator and a value, of which all must hold."""

    shown: tuple[str, ...]
    conditions: tuple[tuple[str, str, Any], ...]
    sorted_by: str
    descending: bool
    limit: int

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Raises `ValueError` for what is not in the form of these queries."""
        parts = [part.strip() for part in text.strip().split("\n| ")]
        commands = dict(part.split(" ", 1) for part in parts)
        if len(commands) != len(parts) or not {"fields", "filter", "sort"} <= commands.keys():
            raise ValueError(text)
        if unknown := commands.keys() - {"fields", "filter", "sort", "limit"}:
            raise ValueError(str(unknown))
        shown = tuple(commands["fields"].split(", "))
        order = re.fullmatch(rf"({NAME}) (asc|desc)", commands["sort"])
        if order is None or not all(re.fullmatch(NAME, name) for name in shown):
            raise ValueError(text)
        conditions = tuple(_condition(each) for each in commands["filter"].split(" and "))
        return cls(shown, conditions, order[1], order[2] == "desc", int(commands.get("limit", 10_000)))

    @property
    def names(self) -> set[str]:
        """Every field that the lines must have, but for those that Logs Insights itself makes."""
        asked = {*self.shown, self.sorted_by, *(name for name, _, _ in self.conditions)}
        return {name for name in asked if not name.startswith("@")}

    def found(self, lines: Iterable[Line]) -> Sequence[Line]:
        """The lines that it finds, in the order of its `sort`; a field that a line does not have fits nothing."""
        fitting = [
            line
            for line in lines
            if all(line.get(name) is not None and BY[by](line[name], value) for name, by, value in self.conditions)
        ]  # fmt: skip
        ordered = sorted(fitting, key=lambda line: line.get(self.sorted_by, 0), reverse=self.descending)
        return ordered[: self.limit]


def _condition(text: str) -> tuple[str, str, Any]:
    match = CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match[1], match[2], json.loads(match[3])
