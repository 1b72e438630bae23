"""Arguments that several fields have, checked. Each function raises `InvalidInput` and reads nothing."""

from collections.abc import Mapping
from math import inf
from typing import Any, TypeGuard, get_args

from chat.rules.erasure import is_ban_form
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.models import Role
from chat.rules.rooms import is_user_id

DEFAULT_LIMIT, MAX_LIMIT = 50, 100

LARGEST_INT = 2**31 - 1
"""What an `Int` of GraphQL can be."""


def is_whole(value: object, least: float = -inf, most: float = inf) -> TypeGuard[int]:
    """Whether `value` is a whole number from `least` to `most`; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def check_limit(arguments: Mapping[str, Any], most: int = MAX_LIMIT) -> int:
    """How many items a page is to have: `limit`, from 1 to `most`."""
    limit = arguments.get("limit")
    limit = DEFAULT_LIMIT if limit is None else limit
    if not is_whole(limit, 1, most):
        raise InvalidInput("history.limit", argument="limit", max=most)
    return limit


def check_order(value: object) -> bool:
    """Whether `order` reads from the oldest message on; what is absent does not."""
    if value not in (None, "NEWEST_FIRST", "OLDEST_FIRST"):
        raise InvalidInput("history.order", argument="order")
    return value == "OLDEST_FIRST"


def check_seq(value: object, argument: str = "seq") -> int:
    """A number that may be a message's; the room's newest is not known here."""
    if not is_whole(value, 0, LARGEST_INT):
        raise InvalidInput("receipt.seq", argument=argument, max=LARGEST_INT)
    return value


def check_flag(arguments: Mapping[str, Any], argument: str) -> bool:
    """Whether a flag is set; one that is absent is not."""
    value = arguments.get(argument)
    if value is not None and not isinstance(value, bool):
        raise InvalidInput("room.choice", argument=argument)
    return value is True


def check_instant(value: object, argument: str = "ts") -> int | None:
    """The millisecond in which an instant lies; `None` where it is absent."""
    return None if value is None else _instant(value, argument)[0]


def check_bound(arguments: Mapping[str, Any], argument: str) -> int | None:
    """An exclusive bound in whole milliseconds. Stored instants have no finer parts, so a finer `before` is
    rounded up."""
    value = arguments.get(argument)
    if value is None:
        return None
    floor, exact = _instant(value, argument)
    return floor if exact or argument == "after" else floor + 1


def check_user(arguments: Mapping[str, Any]) -> str:
    """The person whom `userId` names."""
    user_id = arguments.get("userId")
    if not is_user_id(user_id):
        raise InvalidInput("room.userId", argument="userId")
    return user_id


def check_banned(arguments: Mapping[str, Any]) -> str:
    """The person whom `userId` names, or the form in which a room's list names somebody who was erased."""
    user_id = arguments.get("userId")
    return str(user_id) if is_ban_form(user_id) else check_user(arguments)


def check_role(arguments: Mapping[str, Any]) -> Role | None:
    """The role that `role` names; `None` where it is absent."""
    name = arguments.get("role")
    if name is None:
        return None
    for role in get_args(Role):
        if name == role.upper():
            found: Role = role
            return found
    raise InvalidInput("room.choice", argument="role")


def _instant(value: object, argument: str) -> tuple[int, bool]:
    try:
        return from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument=argument) from None
