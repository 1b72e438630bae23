"""Receipts as items: where they lie, and the one way to move them.

They are apart from memberships, which sends touch, and move outside of transactions: each write stands on
what was read, and one that is overtaken starts again from what stood in its way. So markers only grow, in
whatever order calls arrive.
"""

from collections.abc import Callable
from dataclasses import fields

from chat.deployment import Deployment
from chat.rules.access import View
from chat.rules.models import Head, Member, Receipts, attribute
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.listing import count_members
from chat.steps.retry import attempts, retried
from chat.storage.aws import ConditionFailed, TransientFailure
from chat.storage.places import Found, Place, head_place, membership_place, receipts_place
from chat.storage.tables import Write

SMALL_ROOM_MEMBERS = 100
"""In rooms of up to so many members people see each other's receipts and presence."""

SIZE_FRESH_S = 30.0
"""How long a process believes that a room is small, or is not."""


@record(frozen=True, slots=True)
class MemberState:
    """A room, the caller's place in it and how far they are, as one request saw them."""

    view: View
    receipts: Receipts


def member_state_places(room: Room, user_id: str) -> tuple[Place, Place, Place]:
    """Where the room's head, a membership and its receipts lie."""
    member = membership_place(room, user_id)
    return head_place(room), member, receipts_place(room, user_id)


def member_state(found: Found, room: Room, user_id: str) -> MemberState:
    """What a batch that asked for `room_places` says."""
    head, member, at = (found.get(each) for each in member_state_places(room, user_id))
    view = View(Head.found(head), Member.found(member))
    return MemberState(view, Receipts.found(at) or Receipts())


def is_small(deployment: Deployment, room: Room, deadline: float) -> bool:
    """Whether the room has at most `MOST_TOLD` members, as this process found within `SIZE_FRESH_S`."""
    known = deployment.memory.small.get(room.partition_key, deployment.monotonic() - SIZE_FRESH_S)
    if known is not None:
        return known
    count = retried(
        deployment, lambda: count_members(deployment.store, room, SMALL_ROOM_MEMBERS + 1), deadline
    )
    deployment.memory.small.put(room.partition_key, count <= SMALL_ROOM_MEMBERS, deployment.monotonic())
    return count <= SMALL_ROOM_MEMBERS


def move_receipts(
    deployment: Deployment,
    place: Place,
    before: Receipts,
    change: Callable[[Receipts], Receipts],
    deadline: float,
) -> tuple[Receipts, Receipts]:
    """Write what `change` makes of the receipts at `place`, seen as `before`; answers the last two states.

    `change` is asked again with what stands there whenever somebody else was faster. Where this very write
    was done although its answer was lost, both states are what it wrote. Raises `ServiceUnavailable`.
    """
    for _ in attempts(deployment, deadline):
        after = change(before)
        if after == before:
            return before, after
        try:
            deployment.store.tables.update(_write(place, before, after))
        except ConditionFailed as overtaken:
            before = Receipts.of(overtaken.item) if overtaken.item else Receipts()
        except TransientFailure:
            continue
        else:
            return before, after
    raise AssertionError("attempts end by raising")


def _write(place: Place, before: Receipts, after: Receipts) -> Write:
    """The attributes that differ, on condition that each of them is as it was seen."""
    moved = {
        each.name: (getattr(before, each.name), getattr(after, each.name))
        for each in fields(Receipts)
        if getattr(before, each.name) != getattr(after, each.name)
    }
    return Write(
        place,
        condition=" AND ".join(_unmoved(attribute(name), was) for name, (was, _) in moved.items()),
        given={f":was_{attribute(name)}": was for name, (was, _) in moved.items()},
        set={"type": "Receipts"} | {attribute(name): becomes for name, (_, becomes) in moved.items()},
    )


def _unmoved(name: str, was: int) -> str:
    same = f"#{name} = :was_{name}"
    return same if was else f"(attribute_not_exists(#{name}) OR {same})"
