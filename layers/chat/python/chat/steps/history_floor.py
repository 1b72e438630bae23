"""Where in a room's history that begins which somebody may see, as a key: so that pages begin there, and what is hidden is
not read through."""

from functools import partial

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.models import Caller, Head, Member
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.rules.visibility import first_visible, judged_member
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.store import Slice


def floor_of(deployment: Deployment, room: Room, view: View, caller: Caller, deadline: float) -> str:
    """The same for a caller who may read the room, by one consistent look. Raises `NotRoomMember` for others."""
    entry = enter_room(view, caller, "read")
    return history_floor(deployment, room, entry.head, judged_member(caller, entry.member), deadline)


def history_floor(
    deployment: Deployment, room: Room, head: Head, member: Member | None, deadline: float
) -> str:
    """The key before the first message that whoever is judged by `member` may see; empty where all are.

    Instants ascend with the numbers, so the membership's instant says it. One from before memberships had it is looked up
    once in each process, by halving: some 35 queries of half a unit or one at the most. Raises `ServiceUnavailable`.
    """
    first = first_visible(head, member)
    if first == 1 or member is None:
        return ""
    if member.joined_ts:
        return keys.message_floor(member.joined_ts + 1)
    memory, key = deployment.memory.floors, (room.partition_key, first)
    found = memory.get(key)
    if found is None:
        found = _found_instant(deployment, room, head, first, deadline)
        memory.put(key, found, deployment.monotonic())
    return keys.message_floor(found)


def _found_instant(deployment: Deployment, room: Room, head: Head, first: int, deadline: float) -> int:
    """The least instant (ms) that no message below number `first` has, nor any before which there is nothing to read."""
    low, high = max(readable_since(head, deployment.defaults, deployment.now()), 0), head.ts + 1
    while low < high:
        middle = (low + high) // 2
        next_one = retried(deployment, partial(_first_from, deployment, room, middle), deadline)
        if not next_one.messages:
            high = middle
            continue
        sort_key, message = next_one.messages[0]
        if (message.seq or 0) >= first:
            high = middle
        else:
            low = keys.instant(sort_key) + 1
    return low


def _first_from(deployment: Deployment, room: Room, instant: int) -> Slice:
    """The first message from an instant on, even if it has expired. Consistent: one that is not seen is none."""
    return deployment.store.slice(
        room,
        keys.message_floor(instant),
        keys.MESSAGES_END,
        forward=True,
        limit=1,
        now_s=0,
        consistent=True,
    )
