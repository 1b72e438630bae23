"""Whose data a job erases, and the pages of their partition that its steps go through."""

from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.models import Item
from chat.rules.rooms import Room, Table
from chat.steps.retry import retried
from chat.storage import keys

AFTER = "\n"
"""Between a room and where in it to go on, in a position: no key has a line feed."""


def person_in(job_subject: str) -> str:
    return keys.person_request_parts(job_subject)[0]


def request_in(job_subject: str) -> str:
    return keys.person_request_parts(job_subject)[1]


def page_of(
    deployment: Deployment,
    table: Table,
    partition_key: str,
    between: tuple[str, str],
    count: int,
    start: str | None,
) -> tuple[list[Item], str | None]:
    """Up to `count` items, consistent, and where the next page begins."""
    read = partial(
        deployment.store.tables.query_page,
        table,
        partition_key,
        *between,
        forward=True,
        count=count,
        consistent=True,
        start=start,
    )
    return retried(deployment, read)


def next_room(deployment: Deployment, table: Table, user_id: str, after: str) -> Room | None:
    """The first room after this partition key in which somebody has a membership or has sent something; `None` after the
    last. Two requests."""
    partition_key, found = keys.user_partition(user_id), []
    ranges = (
        ((f"{keys.MEMBERSHIPS}{after}!" if after else keys.MEMBERSHIPS), keys.MEMBERSHIPS_END),
        ((keys.proofs_of(after)[1] if after else keys.PROOFS), keys.PROOFS_END),
    )
    for between in ranges:
        items, _ = page_of(deployment, table, partition_key, between, 1, None)
        found += [room for item in items if (room := room_in(item["SK"]["S"])) is not None]
    return min(found, key=lambda room: room.partition_key, default=None)


def room_in(sort_key: str) -> Room | None:
    """The room in the key of a membership, or of the proof of a send; `None` in one that another service has written."""
    kind, _, rest = sort_key.partition("#")
    named = rest if f"{kind}#" == keys.MEMBERSHIPS else rest.rpartition("#")[0]
    try:
        room = Room.lying_in(named)
    except InvalidInput:
        return None
    return room if room.partition_key == named else None
