"""One page of a room's people."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller
from chat.rules.permissions import Operation
from chat.rules.room_wire import member_to_wire
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.listing import LISTS, Listed, RosterLine, list_people
from chat.steps.retry import deadline_of, retried

NEEDED: Mapping[Listed, Operation] = {"ACTIVE": "read", "INVITED": "listInvited", "BANNED": "listBanned"}
"""What somebody must be allowed to do to get each list."""


def members(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `MemberPage` for `arguments` (`roomId`, `status`, `limit`, `nextToken`), in two requests.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (the banned and the invited are for owners, moderators and
    administrators) and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))
    status: Listed | None = arguments.get("status")
    status = "ACTIVE" if status is None else status
    if status not in tuple(LISTS):
        raise InvalidInput("room.choice", argument="status")
    limit = check_limit(arguments)
    purpose = f"members/{room.id}/{status}"
    token, after = arguments.get("nextToken"), None
    if token is not None:
        (after,) = unseal_position(purpose, token, cursor_keys)
    deadline, store = deadline_of(deployment), deployment.store
    with tally.timing("StoreMs"):
        view = retried(deployment, lambda: store.view(room, caller.user_id, consistent=False), deadline)
        enter_room(view, caller, NEEDED[status])
        lines, more = retried(deployment, lambda: list_people(store, room, status, limit, after), deadline)
    tally.add("PageSize", len(lines))
    now = deployment.now()
    return {
        "items": [_to_wire(line, now) for line in lines if (line.ends_at or now) >= now // 1_000],
        "nextToken": seal_position(purpose, [lines[-1].user_id], cursor_keys) if more else None,
    }


def _to_wire(line: RosterLine, now: int) -> dict[str, Any]:
    """The schema's `Member`; of somebody banned only that, of somebody invited as what."""
    wire = member_to_wire(line.user_id, line.member, now)
    if line.member.status == "banned":
        wire |= dict.fromkeys(("role", "mutedUntil", "joinedSeq"))
    if line.member.status == "invited":
        wire |= dict.fromkeys(("mutedUntil", "joinedSeq"))
    return wire
