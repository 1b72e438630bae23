"""How many rooms somebody may make, and be in."""

from collections.abc import Iterable
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import RateLimited
from chat.rules.models import Stored
from chat.rules.rate import Rate, to_ms
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.roster import check_room_limit
from chat.storage import keys
from chat.storage.places import Place, personal_place
from chat.storage.tables import Write

MAKING = Rate(1 / 60, 10)
"""How fast somebody may make rooms: one a minute, ten at once."""

_KEPT_S = 86_400


@record(frozen=True, slots=True, kw_only=True)
class Quota(Stored):
    """Somebody's rate of making rooms; `tat` in µs."""

    tat: int = 0


def quota_place(user_id: str) -> Place:
    """Where somebody's rate of making rooms lies: in the core table for guilds' rooms, too."""
    return personal_place(user_id, keys.QUOTA)


def check_making(quota: Quota | None, now: int) -> None:
    """Raises `RateLimited` when somebody with this quota may not make a room at `now` (ms)."""
    if quota and (wait := MAKING.wait(quota.tat, now * 1_000)):
        raise RateLimited(to_ms(wait), "person", "room.rateLimited")


def charge_making(user_id: str, quota: Quota | None, now: int) -> Write:
    """The write that takes one room from somebody's quota, if that is as it was read."""
    tat = MAKING.taken(quota.tat if quota else 0, now * 1_000)
    return Write(
        quota_place(user_id),
        condition="#tat = :tat" if quota else "attribute_not_exists(#tat)",
        given={":tat": quota.tat} if quota else {},
        set={"type": "Quota", "tat": tat, "expiresAt": tat // 1_000_000 + _KEPT_S},
    )


def check_room_counts(deployment: Deployment, room: Room, user_ids: Iterable[str]) -> None:
    """Refuse, as `NotAllowed`, one more room to whoever is in too many already.

    One request for each person: half a read unit for the usual one, 18 for somebody in a thousand rooms. Two
    that come at once may both pass, so that somebody is in a few more.
    """
    for _ in deployment.threads().map(partial(check_room_limit, deployment, room), user_ids):
        pass
