"""What editing and removing a message have in common: naming it, looking at it, and changing it with the
room's head."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View
from chat.rules.arguments import check_instant
from chat.rules.errors import InvalidInput
from chat.rules.generations import published_again
from chat.rules.models import Head, Member, Message
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.visible_messages import is_message_id, unexpired_message
from chat.storage import keys
from chat.storage.change_log import Kind, LogEntry, changed_at, log_writes
from chat.storage.places import Found, Place, head_place, in_room, membership_place
from chat.storage.tables import Write


@record(frozen=True, slots=True)
class Target:
    """A message of a room, by its sort key."""

    room: Room
    sort_key: str

    @property
    def place(self) -> Place:
        return in_room(self.room, self.sort_key)


@record(frozen=True, slots=True)
class TargetView:
    """A room, the caller's membership and a message, in one look. `found` is the message while it is to be
    had; `others` are items that were asked for besides."""

    view: View
    found: Message | None
    others: Found

    @property
    def message(self) -> Message:
        """Raises `InvalidInput` where there is no such message, or it has expired."""
        if self.found is None:
            raise InvalidInput("message.notFound", argument="id")
        return self.found


def check_target(arguments: Mapping[str, Any]) -> Target:
    """The message that `arguments` (`roomId`, `id`, `ts`) name. Raises `InvalidInput`; reads nothing."""
    room = Room.parse(arguments.get("roomId"))
    message_id, ts = arguments.get("id"), arguments.get("ts")
    if not is_message_id(message_id):
        raise InvalidInput("message.notFound", argument="id")
    instant = check_instant(ts)
    sort_key = keys.message_of(message_id) if instant is None else keys.message(instant, message_id)
    if sort_key is None:
        raise InvalidInput("message.notFound", argument="id")
    return Target(room, sort_key)


def read_target(
    deployment: Deployment, target: Target, user_id: str, others: Sequence[Place] = ()
) -> TargetView:
    """Head, membership and message in one consistent request (3 read units), and what else is asked for."""
    room = target.room
    head = head_place(room)
    member = membership_place(room, user_id)
    found = deployment.store.tables.batch([head, member, target.place, *others], consistent=True)
    head_item, member_item, item = (found.get(place) for place in (head, member, target.place))
    view = View(
        Head.found(head_item),
        Member.found(member_item),
    )
    message = unexpired_message(deployment, room, view.head, item, deployment.now())
    again = published_again(message, view.head) if message and view.head else message
    return TargetView(view, again, {place: found[place] for place in others if place in found})


def change_writes(
    target: Target,
    head: Head,
    message: Message,
    *,
    kind: Kind,
    now: int,
    change_id: str,
    attributes: Mapping[str, Any],
    remove: Sequence[str] = (),
) -> list[Write]:
    """The writes that make `message`, as it was seen, the next revision after `head` at `now` (ms): head, log and
    message, which is the change's event, too. `attributes` say among others who does it (`changedBy`).

    They count only if neither head nor message was written to meanwhile, so that the change is published
    under the epoch that holds when it is committed, and never made of a message that others have changed.
    """
    unchanged = "attribute_not_exists(#rev)" if message.rev is None else "#rev = :was"
    update = Write(
        target.place,
        condition=f"attribute_exists(PK) AND attribute_not_exists(#removedAt) AND {unchanged}",
        given={} if message.rev is None else {":was": message.rev},
        set={**attributes, "rev": head.rev + 1, "epoch": head.epoch},
        remove=remove,
    )
    entry = LogEntry(
        id=change_id,
        rev=head.rev + 1,
        prev=head.changed_rev,
        prev_ts=head.changed_at,
        message_sk=target.sort_key,
        seq=message.seq or 0,
        kind=kind,
        ts=changed_at(head, now),
        written_at=now,
        prev_written_at=head.change_written_at,
    )
    return [*log_writes(target.room, head, entry), update]


def remember_change(
    deployment: Deployment,
    room: Room,
    head: Head,
    now: int,
    of_head: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Let this process's next send start from the head that a change on `head` has left behind."""
    rev = head.rev + 1
    at = changed_at(head, now)
    changed = replace(head, rev=rev, changed_rev=rev, changed_at=at, change_written_at=now)
    deployment.memory.heads.put(room.partition_key, changed.ruled(of_head), deployment.monotonic())
