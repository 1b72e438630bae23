"""Somebody who comes to a room, or whom others add to it: what is looked at, who may add them, and what it costs."""

from collections.abc import Mapping
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, View
from chat.rules.errors import RateLimited
from chat.rules.models import Caller, Member
from chat.rules.rate import Rate, to_ms
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.blocks import block_place, refuse_blocked, still_not_blocked
from chat.steps.kept_bans import kept_bans
from chat.steps.person_marks import mark_places
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
from chat.storage.places import Found, head_place, membership_place
from chat.storage.tables import Write

JOINING = Rate(1 / 60, 20)
"""How often somebody may join a room by themself: once a minute, twenty times at once. Each leaving in between ends an
epoch, after which everybody who stays has to subscribe again."""

AGAIN = Rate(1 / 360, 60)
"""How often somebody may be added to a room again by others: sixty times, and then once in six minutes. Each going in
between ends an epoch, after which everybody who stays has to subscribe again."""

LEAVING_COUNTS = 20
"""Of this rate, how much whoever left by themself takes: three times, and then once in two hours."""


@record(frozen=True, slots=True)
class Newcomer:
    """A room, the caller's membership in it, another person's, both people's quotas, whether the person has blocked the
    caller, and what follows both into a room (`found`), as one consistent look saw them."""

    view: View
    person: Member | None
    callers: Quota
    persons: Quota
    found: Found


def read_newcomer(
    deployment: Deployment, room: Room, caller: Caller, user_id: str, *, mutual: bool = False
) -> Newcomer:
    """All of it at once: 10 read units, or 5 where caller and person are the same. `mutual`: also whether the caller has
    blocked the person, for one unit more. Of a person who was erased also whether the room keeps them out, in a request more.
    """
    head, mine, theirs = (
        head_place(room),
        *(membership_place(room, each) for each in (caller.user_id, user_id)),
    )
    quotas = [quota_place(caller.user_id), quota_place(user_id)]
    blocks = [block_place(user_id, caller.user_id)] if user_id != caller.user_id else []
    blocks += [block_place(caller.user_id, user_id)] if mutual else []
    marks = mark_places(*dict.fromkeys((caller.user_id, user_id)))
    found = deployment.store.tables.batch([head, mine, theirs, *quotas, *blocks, *marks], consistent=True)
    callers, persons = (Quota.found(found.get(place)) or NO_QUOTA for place in quotas)
    view, person = View.of(found.get(head), found.get(mine)), Member.found(found.get(theirs))
    if person is None and (person := kept_bans(deployment, room, [user_id], found).get(user_id)):
        view = replace(view, member=person) if caller.user_id == user_id else view
    return Newcomer(view, person, callers, persons, found)


def charge_joining(person: Member | None, now: int) -> dict[str, int]:
    """What coming by themself costs somebody, as attributes of their membership; `person` is what is left of an earlier
    one. `now` is in milliseconds. Raises `RateLimited`."""
    tat = person.join_tat if person else 0
    if wait := JOINING.wait(tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "room.joinedTooOften")
    return {"joinTat": JOINING.taken(tat, now * 1_000)}


def charge_addition(
    deployment: Deployment, caller: Caller, entry: RoomAccess, user_id: str, newcomer: Newcomer
) -> tuple[Mapping[str, int], list[Write]]:
    """What adding somebody who is not there takes: attributes for their membership, and writes. A stranger, which is
    whoever has never been in this room, is charged to the caller; whoever was there before to their rate of being
    added again; and both to the quota of the person. Administrators pay nothing, and nothing keeps them, nor a block.

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
    refuse_blocked(newcomer.found, [user_id], caller.user_id)
    check_added_rooms(newcomer.persons, now)
    charge = charge_added_room(user_id, newcomer.persons, now)
    return added, [*writes, charge, still_not_blocked(user_id, caller.user_id)]


def _again(person: Member, now: int) -> int:
    """The rate of being added again once somebody is. Raises `RateLimited`."""
    count = LEAVING_COUNTS if person.left_by_self else 1
    if wait := AGAIN.wait(person.again_tat, now * 1_000, count):
        raise RateLimited(to_ms(wait), "person", "room.addedTooOften")
    return AGAIN.taken(person.again_tat, now * 1_000, count)
