"""A room's name and rules as somebody asks for them, before anything is read."""

from collections.abc import Mapping
from typing import Any

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room
from chat.rules.text import clean_line

MAX_NAME = 100
NUMBERS: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "slowModeSeconds": (int, 0, 21_600),
    "retentionDays": (int, 7, 36_500),
    "personPerSecond": (float, 0.001, 1_000),
    "personBurst": (int, 1, 10_000),
    "roomPerSecond": (float, 0.001, 1_000),
    "roomBurst": (int, 1, 10_000),
}
"""The rules that are numbers, by their names on the wire and in the HEAD item: kind, least and most."""

Rules = dict[str, str | float | None]
"""Name and rules by their names in the HEAD item; `None` for what is given back to the deployment's
default."""


def check_rules(room: Room, arguments: Mapping[str, Any]) -> Rules:
    """Those that `arguments` name, with null as `None`; what is absent is not among them. Raises
    `InvalidInput`."""
    rules: Rules = {}
    if "name" in arguments:
        rules["name"] = _name(arguments["name"])
    if "visibility" in arguments:
        rules["visibility"] = _visibility(room, arguments["visibility"])
    for name, bounds in NUMBERS.items():
        if name in arguments:
            rules[name] = _number(name, arguments[name], *bounds)
    return rules


def _name(value: object) -> str | None:
    name = None if value is None else clean_line(value, MAX_NAME)
    if value is not None and name is None:
        raise InvalidInput("room.name", argument="name", max=MAX_NAME)
    return name


def _visibility(room: Room, value: object) -> str | None:
    if value not in (None, "PUBLIC", "PRIVATE"):
        raise InvalidInput("room.choice", argument="visibility")
    if value == "PUBLIC" and room.type == "guild":
        raise InvalidInput("room.guildVisibility", argument="visibility")
    return None if value is None else str(value).lower()


def _number(
    name: str, value: object, kind: type[int] | type[float], least: float, most: float
) -> float | None:
    """AppSync writes a whole `Float` as it came: `1` is one, too."""
    if value is None:
        return None
    is_number = isinstance(value, int | kind) and not isinstance(value, bool)
    if not (is_number and isinstance(value, int | float) and least <= value <= most):
        raise InvalidInput("room.setting", argument=name, min=str(least), max=str(most))
    return value
