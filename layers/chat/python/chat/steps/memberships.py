"""The rooms that somebody is in, from their own partition in both tables, in the order of their ids."""

from collections.abc import Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Item, Member
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.items import is_expired

_QUERIES_PER_PAGE = 8


@record(frozen=True, slots=True)
class RoomMembership:
    """A room that somebody is in, or was."""

    room: Room
    member: Member


@record(frozen=True, slots=True)
class MembershipCursor:
    """Where reading goes on: after the membership with this sort key, or at the table's beginning."""

    table: Table = "core"
    after: str | None = None


@record(frozen=True, slots=True)
class MembershipPage:
    """Rooms in the order of reading; `further` is where to read on, `None` at the end."""

    memberships: Sequence[RoomMembership]
    further: MembershipCursor | None


def read_memberships(
    deployment: Deployment,
    user_id: str,
    start: MembershipCursor,
    limit: int,
    deadline: float,
    *,
    also_ended: bool = False,
) -> MembershipPage:
    """Up to `limit` rooms, general ones before guilds', in one wave of a consistent request to each table.

    Those that they are invited to are among them. Who has left or is banned is in none, but with `also_ended` these memberships are answered, too. A long
    run of those that are left out ends the reading early, with a position.
    """
    walk = partial(_walk, deployment, user_id, limit=limit, deadline=deadline, also_ended=also_ended)
    if start.table == "guild":
        return walk(start)
    beside = deployment.threads().submit(walk, MembershipCursor("guild"))
    general, guilds = walk(start), beside.result()
    if general.further:
        return general
    space = limit - len(general.memberships)
    memberships = [*general.memberships, *guilds.memberships[:space]]
    if len(guilds.memberships) > space:
        return MembershipPage(
            memberships, _after(guilds.memberships[space - 1]) if space else MembershipCursor("guild")
        )
    return MembershipPage(memberships, guilds.further)


def _walk(
    deployment: Deployment,
    user_id: str,
    start: MembershipCursor,
    *,
    limit: int,
    deadline: float,
    also_ended: bool,
) -> MembershipPage:
    """Up to `limit` rooms of one table."""
    found: list[RoomMembership] = []
    position: MembershipCursor | None = start
    now_s = deployment.now() // 1_000
    for _ in range(_QUERIES_PER_PAGE):
        if position is None or len(found) > limit:
            break
        read = partial(_query_page, deployment, user_id, position, limit + 1 - len(found))
        items, position = retried(deployment, read, deadline)
        for item in items:
            member = Member.of(item)
            if (also_ended or member.status in ("active", "invited")) and not is_expired(item, now_s):
                found.append(
                    RoomMembership(Room.lying_in(item["SK"]["S"].removeprefix(keys.MEMBERSHIPS)), member)
                )
    return MembershipPage(found[:limit], _after(found[limit - 1]) if len(found) > limit else position)


def _query_page(
    deployment: Deployment, user_id: str, start: MembershipCursor, count: int
) -> tuple[list[Item], MembershipCursor | None]:
    """The memberships of one request, and where to read on."""
    items, after = deployment.store.tables.query_page(
        start.table,
        keys.user_partition(user_id),
        keys.MEMBERSHIPS,
        keys.MEMBERSHIPS_END,
        forward=True,
        count=count,
        consistent=True,
        start=start.after,
    )
    return items, MembershipCursor(start.table, after) if after else None


def _after(membership: RoomMembership) -> MembershipCursor:
    return MembershipCursor(membership.room.table, keys.membership(membership.room.partition_key))
