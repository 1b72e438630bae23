"""How many rooms somebody may make and be in, and how many people they may add to rooms: rates, all of them in one
item of the person's.

A rate needs no list to be counted: what it takes does not depend on how many rooms somebody is in, and what was
taken too much or too little is level again by itself. So only what somebody does is charged at the commit, in their
own item; being put into a room is charged without a condition, to whoever is put there.
"""

from collections.abc import Mapping

from chat.deployment import Deployment
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import DAY_MS, Member, Stored
from chat.rules.rate import Rate, to_ms
from chat.rules.record import record
from chat.storage import keys
from chat.storage.places import Place, personal_place
from chat.storage.tables import Write

MAKING = Rate(1 / 60, 10)
"""How fast somebody may make rooms: one a minute, ten at once."""

MAX_ROOMS = 1_000
ROOMS = Rate(MAX_ROOMS * 1_000 / (90 * DAY_MS), MAX_ROOMS)
"""How many rooms somebody may join or make, and be put into by others, which are counted apart: as many at once, and
as many in 90 days (one in 130 minutes)."""

BLOCKING = Rate(1 / 10, 100)
"""How fast somebody may block others: a hundred at once, and then one in ten seconds."""

KEPT_S = 100 * 86_400
"""Longer than the slowest rate needs to be as if it had never been used."""


@record(frozen=True, slots=True, kw_only=True)
class Quota(Stored):
    """Somebody's rates, each in µs: of making rooms (`tat`), of adding strangers to rooms, of coming to rooms by
    themself, of being put into rooms by others, and of blocking."""

    tat: int = 0
    add_tat: int = 0
    own_tat: int = 0
    added_tat: int = 0
    block_tat: int = 0


NO_QUOTA = Quota()


def quota_place(user_id: str) -> Place:
    """Where somebody's rates lie: in the core table for guilds' rooms, too."""
    return personal_place(user_id, keys.QUOTA)


def adding(deployment: Deployment) -> Rate:
    """How fast somebody may add strangers to rooms: so many in an hour, and as many at once."""
    return Rate(deployment.additions_per_hour / 3_600, deployment.additions_per_hour)


def check_making(quota: Quota, now: int) -> None:
    """Raises `RateLimited` when somebody with this quota may not make a room at `now` (ms)."""
    if wait := MAKING.wait(quota.tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "room.rateLimited")


def check_adding(rate: Rate, quota: Quota, count: int, now: int) -> None:
    """Raises `RateLimited` when somebody with this quota may not add `count` strangers at `now` (ms)."""
    if wait := rate.wait(quota.add_tat, now * 1_000, count):
        raise RateLimited(to_ms(wait), "person", "room.addingTooFast")


def check_own_rooms(quota: Quota, now: int) -> None:
    """Raises `NotAllowed` when somebody with this quota may not come to one more room by themself."""
    if ROOMS.wait(quota.own_tat, now * 1_000):
        raise NotAllowed("room.tooManyRooms", reason="tooManyRooms", max=MAX_ROOMS)


def check_added_rooms(quota: Quota, now: int) -> None:
    """Raises `NotAllowed` when somebody with this quota is in too many rooms into which others have put them."""
    if ROOMS.wait(quota.added_tat, now * 1_000):
        raise NotAllowed("room.cannotBeAdded", reason="cannotBeAdded")


def check_blocking(quota: Quota, now: int) -> None:
    """Raises `RateLimited` when somebody with this quota may not block anybody at `now` (ms)."""
    if wait := BLOCKING.wait(quota.block_tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "room.blockingTooFast")


def charge_making(user_id: str, quota: Quota, now: int) -> Write:
    """The write that charges somebody for asking about a room that they do not get."""
    return _charge(user_id, quota, {"tat": MAKING.taken(quota.tat, now * 1_000)}, now)


def charge_room(user_id: str, quota: Quota, rate: Rate, others: int, now: int) -> Write:
    """The write that charges somebody for making a room with so many others in it."""
    at = now * 1_000
    taken = {"tat": MAKING.taken(quota.tat, at), "ownTat": ROOMS.taken(quota.own_tat, at)}
    if others:
        taken["addTat"] = rate.taken(quota.add_tat, at, others)
    return _charge(user_id, quota, taken, now)


def charge_adding(user_id: str, quota: Quota, rate: Rate, now: int) -> Write:
    """The write that charges somebody for adding a stranger."""
    return _charge(user_id, quota, {"addTat": rate.taken(quota.add_tat, now * 1_000)}, now)


def charge_own_room(user_id: str, quota: Quota, now: int) -> Write:
    """The write that charges somebody for joining a room."""
    return _charge(user_id, quota, {"ownTat": ROOMS.taken(quota.own_tat, now * 1_000)}, now)


def charge_blocking(user_id: str, quota: Quota, now: int) -> Write:
    """The write that charges somebody for blocking another."""
    return _charge(user_id, quota, {"blockTat": BLOCKING.taken(quota.block_tat, now * 1_000)}, now)


def charge_added_room(user_id: str, quota: Quota, now: int) -> Write:
    """The write that counts a room into which others have put somebody. It has no condition: of two at once one may
    not be counted."""
    if quota.added_tat > now * 1_000:
        return Write(quota_place(user_id), set=_kept(now), add={"addedTat": ROOMS.step})
    return Write(quota_place(user_id), set={**_kept(now), "addedTat": now * 1_000 + ROOMS.step})


def returned_room(user_id: str, person: Member, now: int) -> list[Write]:
    """The write that counts one such room less, where others have put somebody there who goes. Without a condition,
    too: where nothing was counted, nothing comes of it."""
    if not person.added:
        return []
    return [Write(quota_place(user_id), set=_kept(now), add={"addedTat": -ROOMS.step})]


def _charge(user_id: str, quota: Quota, taken: Mapping[str, int], now: int) -> Write:
    """The write of new rate states by their attributes, if these are as they were read."""
    seen = {"tat": quota.tat, "addTat": quota.add_tat, "ownTat": quota.own_tat, "blockTat": quota.block_tat}
    return Write(
        quota_place(user_id),
        condition=" AND ".join(
            f"#{name} = :{name}" if seen[name] else f"attribute_not_exists(#{name})" for name in taken
        ),
        given={f":{name}": seen[name] for name in taken if seen[name]},
        set={**_kept(now), **taken},
    )


def _kept(now: int) -> dict[str, int | str]:
    return {"type": "Quota", "expiresAt": now // 1_000 + KEPT_S}
