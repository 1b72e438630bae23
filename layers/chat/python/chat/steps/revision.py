"""The next revision of a room that no message makes: how its head moves, and the event that tells why.

Both are made here, from the same values, and are written together, so that no revision is without its event; and what
the operation answers is what the event says. A message's revision is its own event: `chat/storage/send_attempt.py`,
`chat/storage/change_log.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chat.deployment import Deployment
from chat.rules.events import RoomEvent, RoomEventKind, event_at
from chat.rules.models import Caller, Head, Message, Notice
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage.event_items import event_write
from chat.storage.places import head_place
from chat.storage.tables import Write

NOTHING: Mapping[str, Any] = MappingProxyType({})


@record(frozen=True, slots=True)
class Revision:
    """A revision of a room: the head as it leaves it, the event, the notices in it, and the two writes that make it:
    the head's, only on the `rev` that was read, and the event's."""

    room: Room
    head: Head
    event: RoomEvent
    notices: Sequence[Notice]
    writes: Sequence[Write]

    @property
    def message(self) -> Message:
        """What the operation answers, if its event is one notice: what subscribers are told of it."""
        (notice,) = self.notices
        return replace(self.event.carrier(self.event.id), notice=notice)


def next_revision(
    deployment: Deployment,
    room: Room,
    head: Head,
    actor: Caller | None,
    *notices: Notice,
    kind: RoomEventKind | None = None,
    changes: Mapping[str, Any] = NOTHING,
    revoked_at: int | None = None,
    owners: int = 0,
) -> Revision:
    """The revision after `head`, which `actor` makes, or with `None` a service.

    `notices` say what happened; their `rev` and `next_epoch` are filled in. `kind` is that of the one notice where it is
    not given. `changes` are attributes of the head besides, by their names in the item; `None` removes one. `revoked_at`:
    somebody loses access at this instant (ms), which ends the epoch; the last notice says so. `owners`: how many more
    there are, of a head that is `with_owner_count`.
    """
    at = deployment.now() if revoked_at is None else revoked_at
    moved: dict[str, Any] = {"rev": head.rev + 1}
    if owners or head.owners is not None:
        moved["owners"] = (head.owners or 0) + owners
    ends_epoch = revoked_at is not None or _shows_other_parts(head, notices, changes)
    if ends_epoch:
        moved["epoch"] = head.epoch + 1
    if revoked_at is not None:
        moved["partedAt"] = revoked_at
    if head.alone:
        moved["alone"] = None
    moved |= changes
    told = [replace(notice, rev=head.rev + 1) for notice in notices]
    if ends_epoch:
        told[-1] = replace(told[-1], next_epoch=head.epoch + 1)
    event = event_at(
        room,
        replace(head, rev=head.rev + 1),
        event_id=deployment.new_id(at),
        kind=kind or told[0].kind,
        ts=at,
        actor_id=None if actor is None else actor.user_id,
        notices=told,
    )
    writes = [_head_write(room, head, moved), event_write(room, head, event)]
    return Revision(room, head.ruled(moved), event, told, writes)


def _shows_other_parts(head: Head, notices: Sequence[Notice], changes: Mapping[str, Any]) -> bool:
    """Whether an epoch begins because people see other parts of the history: somebody comes where it is visible from
    joining, and is not to hear what was sent before, however late that is published; or that rule changes."""
    comes = any(notice.kind in ("MEMBER_ADDED", "MEMBER_JOINED") for notice in notices)
    return (comes and head.history_from == "joining") or "historyRev" in changes


def _head_write(room: Room, head: Head, moved: Mapping[str, Any]) -> Write:
    return Write(
        head_place(room),
        condition="#rev = :rev",
        given={":rev": head.rev},
        set={name: value for name, value in moved.items() if value is not None},
        remove=[name for name, value in moved.items() if value is None],
    )


def commit(deployment: Deployment, revision: Revision, writes: Sequence[Write]) -> None:
    """Make the revision, with `writes` in the same transaction, and let this process's next send start from the head
    that it leaves. Raises `Cancelled` where others came first, and `TransientFailure`."""
    deployment.store.tables.transact([*revision.writes, *writes])
    deployment.memory.move_head(revision.room.partition_key, revision.head, deployment.monotonic())
