"""What is asked of a room's history, before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chat.rules.cursor import Cursor, CursorKeys, unseal
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.rooms import Room

DEFAULT_LIMIT, MAX_LIMIT = 50, 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. `after` and `before` are exclusive bounds in ms; `position` and `seq` come from a cursor."""

    room: Room
    forward: bool
    limit: int
    after: int | None
    before: int | None
    position: str
    seq: int | None


def check_question(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> Question:
    """The question in `arguments`. Raises `InvalidInput`; reads nothing."""
    room = Room.parse(arguments.get("roomId"))
    limit = check_limit(arguments)
    order = arguments.get("order")
    order = "NEWEST_FIRST" if order is None else order
    if order not in ("NEWEST_FIRST", "OLDEST_FIRST"):
        raise InvalidInput("history.order", argument="order")
    after, before = check_instant(arguments, "after"), check_instant(arguments, "before")
    question = Question(room, order == "OLDEST_FIRST", limit, after, before, "", None)
    token = arguments.get("nextToken")
    return question if token is None else _continued(question, unseal(token, cursor_keys))


def check_limit(arguments: Mapping[str, Any], most: int = MAX_LIMIT) -> int:
    """How many items a page is to have, `limit` of `arguments`, from 1 to `most`. Raises `InvalidInput`."""
    limit = arguments.get("limit")
    limit = DEFAULT_LIMIT if limit is None else limit
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= most:
        raise InvalidInput("history.limit", argument="limit", max=most)
    return limit


def check_instant(arguments: Mapping[str, Any], argument: str) -> int | None:
    """An exclusive bound in whole milliseconds. Stored instants have no finer parts, so a finer `before` is rounded up."""
    value = arguments.get(argument)
    if value is None:
        return None
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument=argument) from None
    return floor if exact or argument == "after" else floor + 1


def _continued(question: Question, cursor: Cursor) -> Question:
    """The question, read on from `cursor`. Bounds may be left out; what is given must be what the cursor holds."""
    same = (
        cursor.room == question.room.id
        and cursor.forward == question.forward
        and question.after in (None, cursor.after)
        and question.before in (None, cursor.before)
    )
    if not same:
        raise InvalidInput("history.cursorConflict", argument="nextToken")
    return replace(
        question, after=cursor.after, before=cursor.before, position=cursor.position, seq=cursor.seq
    )
