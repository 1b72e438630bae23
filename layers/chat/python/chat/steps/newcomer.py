"""Somebody whom others add to a room: what is looked at, who may add them, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, View
from chat.rules.errors import RateLimited
from chat.rules.models import Caller, Head, Member
from chat.rules.rate import Rate, to_ms
from chat.rules.rooms import Room
from chat.steps.quota import (
    NO_QUOTA,
    Quota,
    adding,
    charge_added_room,
    charge_adding,
    check_added_rooms,
    check_adding,
    quota_place,
)
from chat.storage.places import head_place, membership_place
from chat.storage.store import Store
from chat.storage.tables import Write

AGAIN = Rate(1 / 360, 60)
"""How often somebody may be added to a room again by others: sixty times, and then once in six minutes. Each going in
between ends an epoch, after which everybody who stays has to subscribe again."""

LEAVING_COUNTS = 20
"""Of this rate, how much whoever left by themself takes: three times, and then once in two hours."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A room, the caller's membership in it, another person's, and both people's quotas, as one consistent look saw
    them."""

    view: View
    person: Member | None
    callers: Quota
    persons: Quota


def read_newcomer(store: Store, room: Room, caller: Caller, user_id: str) -> Newcomer:
    """All of it at once: 5 read units, or 3 where caller and person are the same."""
    head, mine = head_place(room), membership_place(room, caller.user_id)
    theirs, callers, persons = (
        membership_place(room, user_id),
        quota_place(caller.user_id),
        quota_place(user_id),
    )
    found = store.tables.batch([head, mine, theirs, callers, persons], consistent=True)
    return Newcomer(
        View(Head.found(found.get(head)), Member.found(found.get(mine))),
        Member.found(found.get(theirs)),
        Quota.found(found.get(callers)) or NO_QUOTA,
        Quota.found(found.get(persons)) or NO_QUOTA,
    )


def charge_addition(
    deployment: Deployment, caller: Caller, entry: RoomAccess, user_id: str, newcomer: Newcomer
) -> tuple[Mapping[str, int], list[Write]]:
    """What adding somebody who is not there takes: attributes for their membership, and writes. A stranger, which is
    whoever has never been in this room, is charged to the caller; whoever was there before to their rate of being
    added again; and both to the quota of the person. Administrators pay nothing, and nothing keeps them.

    Raises `RateLimited`, and then `NotAllowed` for the person.
    """
    added = {"added": 1} if user_id != caller.user_id else {}
    if entry.standing == "admin":
        return added, []
    now, rate, writes = deployment.now(), adding(deployment), []
    if newcomer.person is None:
        check_adding(rate, newcomer.callers, 1, now)
        writes.append(charge_adding(caller.user_id, newcomer.callers, rate, now))
    else:
        added["againTat"] = _again(newcomer.person, now)
    check_added_rooms(newcomer.persons, now)
    return added, [*writes, charge_added_room(user_id, newcomer.persons, now)]


def _again(person: Member, now: int) -> int:
    """The rate of being added again once somebody is. Raises `RateLimited`."""
    count = LEAVING_COUNTS if person.left_by_self else 1
    if wait := AGAIN.wait(person.again_tat, now * 1_000, count):
        raise RateLimited(to_ms(wait), "person", "room.addedTooOften")
    return AGAIN.taken(person.again_tat, now * 1_000, count)
