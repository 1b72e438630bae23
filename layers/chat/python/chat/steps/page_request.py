"""What is requested of a room's history, before anything is read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.rules.arguments import check_bound, check_limit, check_order
from chat.rules.cursor import Cursor, CursorKeys, unseal
from chat.rules.errors import InvalidInput
from chat.rules.record import record
from chat.rules.rooms import Room


@record(frozen=True, slots=True)
class PageRequest:
    """What is requested. `after` and `before` are exclusive bounds in ms; `position` and `seq` come from a
    cursor."""

    room: Room
    forward: bool
    limit: int
    after: int | None
    before: int | None
    position: str
    seq: int | None
    generation: int | None = None
    """The tables' in which the cursor was issued, if there is one."""


def check_page_request(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> PageRequest:
    """The page request in `arguments`. Raises `InvalidInput`; reads nothing."""
    room = Room.parse(arguments.get("roomId"))
    limit = check_limit(arguments)
    forward = check_order(arguments.get("order"))
    after, before = check_bound(arguments, "after"), check_bound(arguments, "before")
    request = PageRequest(room, forward, limit, after, before, "", None)
    token = arguments.get("nextToken")
    return request if token is None else _continued(request, unseal(token, cursor_keys))


def _continued(request: PageRequest, cursor: Cursor) -> PageRequest:
    """The request, read on from `cursor`. Bounds may be left out; what is given must be what the cursor
    holds."""
    same = (
        cursor.room == request.room.id
        and cursor.forward == request.forward
        and request.after in (None, cursor.after)
        and request.before in (None, cursor.before)
    )
    if not same:
        raise InvalidInput("history.cursorConflict", argument="nextToken")
    return replace(
        request,
        after=cursor.after,
        before=cursor.before,
        position=cursor.position,
        seq=cursor.seq,
        generation=cursor.generation,
    )
