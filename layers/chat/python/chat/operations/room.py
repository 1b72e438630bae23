"""A room, and the caller's place in it."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.models import Caller
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.kept_bans import refuse_banned
from chat.steps.listing import count_members
from chat.steps.retry import deadline_of, retried


def room(
    deployment: Deployment,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    *,
    count: bool = True,
) -> dict[str, Any]:
    """The schema's `Room` for `arguments` (`roomId`), in one request, and with `count` another one for the
    number of members, which grows with them: half a read unit for each 30.

    Servers that hold connections for others go by this answer, so it is as strict as that to a subscription.
    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (not adopted yet) and `ServiceUnavailable`.
    """
    wanted, store = Room.parse(arguments.get("roomId")), deployment.store
    deadline = deadline_of(deployment)
    with tally.timing("StoreMs"):
        view = retried(
            deployment, lambda: store.fenced_view(wanted, caller.user_id, deployment.recency), deadline
        )
        entry = enter_room(view, caller, "look")
        if entry.standing == "visitor":
            retried(deployment, lambda: refuse_banned(deployment, wanted, caller), deadline)
        members = retried(deployment, lambda: count_members(store, wanted), deadline) if count else None
    member = entry.member
    me = None if member is None else member_to_wire(caller.user_id, member, deployment.now())
    is_visitor = entry.standing in ("visitor", "invited")
    return room_to_wire(
        wanted,
        entry.head,
        deployment.defaults,
        viewer=caller.user_id,
        reads=not is_visitor,
        me=me,
        member_count=members,
    )
