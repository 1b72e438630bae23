"""By what names the people of a room are found: an item in the room's partition for each of its people who has a name.

It is kept behind the writes that it follows, so that neither coming to a room nor a change of a name costs more for it: a
person's new name goes to their rooms by a job, which the change sets up; who comes to a room or goes is taken in and out by
a projection of the tables' streams. Either reads what is so now and writes on condition that it still is, so that they may
come late, twice, and at once. Whoever reads looks at memberships and profiles again: an item that is left behind shows
nobody.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Item, Member, Stored
from chat.rules.name_search import folded
from chat.rules.people import Profile
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.jobs import Step, new_job_write
from chat.steps.listing import user_of
from chat.steps.retry import retried, until_committed
from chat.storage import keys
from chat.storage.places import Place, in_room, membership_place, named_place, profile_place
from chat.storage.tables import NEW, Write

PERSON, ROOM = "INDEX_PERSON", "INDEX_ROOM"
"""The kinds of jobs: a person in all of their rooms, and all people of a room that others know already."""

_PAGE = 20
"""How many rooms, or people, one piece of a job deals with."""


@record(frozen=True, slots=True, kw_only=True)
class Named(Stored):
    """Under which key somebody is found in a room."""

    name_key: str


def index_person_write(user_id: str, now: int) -> Write:
    """The write that has somebody's name known in their rooms, for the transaction that changes it. `now` is in ms."""
    return new_job_write("core", PERSON, user_id, next(iter(PERSON_STEPS)), now)


def index_room_write(room: Room, now: int) -> Write:
    """The write that has the names of all people of a room known in it."""
    return new_job_write(room.table, ROOM, room.id, next(iter(ROOM_STEPS)), now)


def index_name(deployment: Deployment, room: Room, user_id: str, deadline: float | None = None) -> None:
    """Make the room find somebody by the name that they have now, if they are in it, and else not. One consistent read of
    three items; a transaction where something changes. Raises `ServiceUnavailable`."""
    until_committed(deployment, Tally(), lambda: _index(deployment, room, user_id), deadline)


def _index(deployment: Deployment, room: Room, user_id: str) -> bool:
    mine, profile, named = membership_place(room, user_id), profile_place(user_id), named_place(room, user_id)
    found = deployment.store.tables.batch([mine, profile, named], consistent=True)
    member, own = Member.found(found.get(mine)), Profile.found(found.get(profile))
    before = Named.found(found.get(named))
    status, name, tat = (
        None if member is None else member.status,
        None if own is None else own.name,
        None if own is None else own.tat,
    )
    after = keys.name(folded(name), user_id) if status == "active" and name else None
    if after == (before and before.name_key):
        return True
    writes = [_named_write(named, before, after), _still(mine, "status", status), _still(profile, "tat", tat)]
    if before is not None:
        writes.append(Write(in_room(room, before.name_key), delete=True))
    if after is not None:
        writes.append(Write(in_room(room, after), set={"type": "Name"}, whole=True))
    deployment.store.tables.transact(writes)
    return True


def _named_write(place: Place, before: Named | None, after: str | None) -> Write:
    condition = NEW if before is None else "#nameKey = :was"
    given = {} if before is None else {":was": before.name_key}
    if after is None:
        return Write(place, condition=condition, given=given, delete=True)
    return Write(place, condition=condition, given=given, set={"type": "Named", "nameKey": after}, whole=True)


def _still(place: Place, attribute: str, value: str | int | None) -> Write:
    """The look, at the commit, that an item is as it was read."""
    if value is None:
        return Write(place, condition=f"attribute_not_exists(#{attribute})")
    return Write(place, condition=f"#{attribute} = :was", given={":was": value})


def _rooms_of(
    table: Table,
    low: str,
    high: str,
    deployment: Deployment,
    subject: str,
    position: str | None,
) -> str | None:
    """Index a person in the rooms of one page of their partition between `low` and `high`."""
    partition_key = keys.user_partition(subject)
    items, further = _page(deployment, table, partition_key, low, high, position)
    for item in items:
        index_name(deployment, Room.lying_in(item["SK"]["S"].removeprefix(low)), subject)
    return further


def _people_of(deployment: Deployment, subject: str, position: str | None) -> str | None:
    room = Room.parse(subject)
    items, further = _page(deployment, room.table, room.partition_key, keys.ROSTER, keys.ROSTER_END, position)
    for item in items:
        index_name(deployment, room, user_of(item))
    return further


def _page(
    deployment: Deployment, table: Table, partition_key: str, low: str, high: str, position: str | None
) -> tuple[Sequence[Item], str | None]:
    read = partial(
        deployment.store.tables.query_page,
        table,
        partition_key,
        low,
        high,
        forward=True,
        count=_PAGE,
        consistent=True,
        start=position,
    )
    return retried(deployment, read)


PERSON_STEPS: Mapping[str, Step] = {
    f"{table}{kind}": partial(_rooms_of, table, low, high)
    for kind, low, high in (
        ("Rooms", keys.MEMBERSHIPS, keys.MEMBERSHIPS_END),
        ("Names", keys.NAMED, keys.NAMED_END),
    )
    for table in ("core", "guild")
}
"""The rooms whose memberships there are, and those where they are found by a name, whatever became of the membership."""

ROOM_STEPS: Mapping[str, Step] = {"people": _people_of}
