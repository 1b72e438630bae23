"""A room's name and rules as somebody asks for them, before anything is read."""

from collections.abc import Collection, Mapping
from typing import Any

from chat.rules.avatars import MAX_ROOM_ADDRESS, check_avatar
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import LIMITS, Head, HistoryFrom, RoomSettings
from chat.rules.rooms import Room
from chat.rules.text import TextLimits, clean_line, clean_text

MAX_NAME = 100
MAX_DESCRIPTION = 500
NUMBERS: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "slowModeSeconds": (int, 0, 21_600),
    "retentionDays": (int, 7, 36_500),
    "personPerSecond": (float, 0.001, 1_000),
    "personBurst": (int, 1, 10_000),
    "roomPerSecond": (float, 0.001, 1_000),
    "roomBurst": (int, 1, 10_000),
}
"""The rules that are numbers, by their names on the wire and in the HEAD item: kind, least and most."""

RESETS: Mapping[str, tuple[str, ...]] = {
    "NAME": ("name",),
    "DESCRIPTION": ("description",),
    "ARCHIVED": ("archivedAt",),
    "VISIBILITY": ("visibility",),
    "HISTORY": ("historyFrom",),
    "SLOW_MODE": ("slowModeSeconds",),
    "RETENTION": ("retentionDays",),
    "PERSON_RATE": ("personPerSecond", "personBurst"),
    "ROOM_RATE": ("roomPerSecond", "roomBurst"),
    "AVATAR": ("avatarUrl", "avatarId"),
}
"""What each of the schema's `RoomRule` gives back to the deployment's default."""

_SET_BY = {"archived": "archivedAt"}
"""The attributes of the HEAD item that arguments of other names set."""

Rules = dict[str, str | float | None]
"""Name, picture and rules by their names in the HEAD item; `None` for what is given back to the deployment's
default."""


def check_rules(room: Room, arguments: Mapping[str, Any], avatar_hosts: Collection[str] = ()) -> Rules:
    """Those that `arguments` name, and as `None` those that `reset` names. Null leaves a rule as it is: some
    clients send null for every argument that they do not set. `avatar_hosts`: where pictures may lie. Raises
    `InvalidInput`, and `NotAllowed` for another host."""
    given = {name: value for name, value in arguments.items() if value is not None}
    rules = _reset(given.get("reset", []))
    if both := [name for name in given if _SET_BY.get(name, name) in rules]:
        raise InvalidInput("room.resetAndSet", argument=min(both))
    if "name" in given:
        rules["name"] = _name(given["name"])
    if "description" in given:
        rules["description"] = _description(given["description"])
    if "visibility" in given:
        rules["visibility"] = _visibility(room, given["visibility"])
    if "historyFrom" in given:
        rules["historyFrom"] = _history_from(given["historyFrom"])
    if "archived" in given:
        rules["archivedAt"] = _archived(given["archived"])
    rules |= check_avatar(given, avatar_hosts, MAX_ROOM_ADDRESS)
    return rules | {
        name: _number(name, given[name], *bounds) for name, bounds in NUMBERS.items() if name in given
    }


def default_history(default: HistoryFrom | None) -> dict[str, str]:
    """What the head of a room holds of the deployment's default, which counts when a room is made or its rule is
    reset. One that counted for rooms that there are would hide or open histories without a word to anybody."""
    return {} if default is None else {"historyFrom": default}


def with_history(rules: Rules, default: HistoryFrom | None) -> Rules:
    """The rules as the head holds them: it says nothing of a history that is visible from its beginning."""
    if "historyFrom" not in rules:
        return rules
    asked = default if rules["historyFrom"] is None else rules["historyFrom"]
    return rules | {"historyFrom": None if asked == "beginning" else asked}


def archived_since(head: Head, rules: Rules, now: int) -> Rules:
    """The rules, where they archive the room with since when that is: an archived one stays so since it was. `now` is in
    ms."""
    return rules | {"archivedAt": head.archived_at or now} if rules.get("archivedAt") else rules


def check_limits(head: Head, rules: Rules, defaults: RoomSettings, *, by_admin: bool) -> Rules:
    """The rules, and with them `adminRules` where that changes: which limits an administrator has set.

    Raises `NotAllowed` (`limit`) where somebody else sets one higher than owners may. To say again what the room has
    already changes nothing.
    """
    before = set(filter(None, (head.admin_rules or "").split(",")))
    after = set(before)
    for name, limit in LIMITS.items():
        value = rules.get(name)
        if by_admin and value is not None:
            after.add(name)
        elif name in rules and (value is None or value != getattr(head, limit)):
            most = defaults.most_for_owners(limit)
            if isinstance(value, int | float) and value > most:
                raise NotAllowed("room.limit", reason="limit", argument=name, max=f"{most:g}")
            after.discard(name)
    return rules if after == before else rules | {"adminRules": ",".join(sorted(after)) or None}


def _reset(names: object) -> Rules:
    if not (isinstance(names, list) and all(isinstance(name, str) and name in RESETS for name in names)):
        raise InvalidInput("room.choice", argument="reset")
    return {rule: None for name in names for rule in RESETS[name]}


def clean_name(value: object) -> str | None:
    """A room's name as it is stored; `None` for what cannot be one."""
    return clean_line(value, MAX_NAME)


def _name(value: object) -> str:
    name = clean_name(value)
    if name is None:
        raise InvalidInput("room.name", argument="name", max=MAX_NAME)
    return name


def clean_description(value: object) -> str | None:
    """What a room is for, as it is stored, with its lines; `None` for what cannot be that."""
    try:
        return clean_text(value, TextLimits(MAX_DESCRIPTION, 4 * MAX_DESCRIPTION))
    except InvalidInput:
        return None


def _description(value: object) -> str:
    text = clean_description(value)
    if text is None:
        raise InvalidInput("room.description", argument="description", max=MAX_DESCRIPTION)
    return text


def _archived(value: object) -> float | None:
    """1 for a room that is to be archived: `archived_since` says since when."""
    if not isinstance(value, bool):
        raise InvalidInput("room.choice", argument="archived")
    return 1 if value else None


def _visibility(room: Room, value: object) -> str:
    if value not in ("PUBLIC", "PRIVATE"):
        raise InvalidInput("room.choice", argument="visibility")
    if value == "PUBLIC" and room.type == "guild":
        raise InvalidInput("room.guildVisibility", argument="visibility")
    return str(value).lower()


def _history_from(value: object) -> str:
    if value not in ("BEGINNING", "JOINING"):
        raise InvalidInput("room.choice", argument="historyFrom")
    return str(value).lower()


def _number(name: str, value: object, kind: type[int] | type[float], least: float, most: float) -> float:
    """AppSync writes a whole `Float` as it came: `1` is one, too."""
    is_number = isinstance(value, int | kind) and not isinstance(value, bool)
    if not (is_number and isinstance(value, int | float) and least <= value <= most):
        raise InvalidInput("room.setting", argument=name, min=str(least), max=str(most))
    return value
