"""What editing and removing a message have in common: naming it, looking at it, and changing it with the
room's head."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View
from chat.rules.arguments import check_instant
from chat.rules.errors import InvalidInput
from chat.rules.generations import published_again
from chat.rules.models import Head, Item, Member, Message
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.visible_messages import is_message_id, unexpired_message
from chat.storage import keys
from chat.storage.change_log import Kind, LogEntry, changed_at, log_writes
from chat.storage.event_items import TRACE_ID
from chat.storage.items import EXPIRES, HELD, expiring, expiry_of, plain
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
    had, `expires_at` when it expires (seconds). `others`: what else was asked for and is there. `held`: its item, if a legal
    hold covers it."""

    view: View
    found: Message | None
    expires_at: int | None = None
    held: Item | None = None
    others: Found = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """Raises `InvalidInput` where there is no such message, or it has expired."""
        return self.seen_from(1)

    def seen_from(self, first: int) -> Message:
        """The message, if its number is at least `first`, from which on the caller sees any. Raises `InvalidInput`
        as above."""
        if self.found is None or (self.found.seq or 0) < first:
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
    """Head, membership and message in one consistent request (3 read units), and `others` with them."""
    room = target.room
    head = head_place(room)
    member = membership_place(room, user_id)
    found = deployment.store.tables.batch([head, member, target.place, *others], consistent=True)
    head_item, member_item, item = (found.get(place) for place in (head, member, target.place))
    view = View(
        Head.found(head_item),
        Member.found(member_item),
    )
    expires_at = expiry_of(item) if item else None
    message = unexpired(deployment, target, view.head, item)
    held = item if item and _is_held(view, item, user_id) else None
    there = {place: found[place] for place in others if place in found}
    return TargetView(view, message, expires_at, held, there)


def _is_held(view: View, item: Item, user_id: str) -> bool:
    """Whether a legal hold covers a message. Where it has just been set, the room or the person says so first."""
    by_person = view.member is not None and view.member.held and item.get("senderId") == {"S": user_id}
    return HELD in item or bool(view.head and view.head.held) or bool(by_person)


def unexpired(deployment: Deployment, target: Target, head: Head | None, item: Item | None) -> Message | None:
    """The message in its item, as it would be published now, unless it is gone by its own instant or by the room's
    retention."""
    message = unexpired_message(deployment, target.room, head, item, deployment.now())
    return published_again(message, head) if message and head else message


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
    under the epoch that holds when it is committed, and never made of a message that others have changed. The message
    holds from when on the room's history was visible then, and in which trace it was changed, if `attributes` say so, by
    which it is published.
    """
    unchanged = "attribute_not_exists(#rev)" if message.rev is None else "#rev = :was"
    shown = {"historyFrom": head.history_from} if head.history_from else {}
    gone = [
        *([] if shown or message.history_from is None else ["historyFrom"]),
        *([] if TRACE_ID in attributes else [TRACE_ID]),
    ]
    update = Write(
        target.place,
        condition=f"attribute_exists(PK) AND attribute_not_exists(#removedAt) AND {unchanged}",
        given={} if message.rev is None else {":was": message.rev},
        set={**attributes, "rev": head.rev + 1, "epoch": head.epoch, **shown},
        remove=[*remove, *gone],
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


def keeping_original(
    target: Target, held: Item | None, head: Head, now: int, writes: Sequence[Write]
) -> list[Write]:
    """The writes of a change after `head` at `now` (ms), with the copy that a legal hold keeps of the message's item,
    `held`. Without one they count only while no hold covers it."""
    update = next(write for write in writes if write.place == target.place)
    others = [write for write in writes if write is not update]
    if held is None:
        condition = f"{update.condition} AND attribute_not_exists(#heldExpiresAt)"
        return [*others, replace(update, condition=condition)]
    kept = _original_write(target, held, head.rev + 1, now)
    return [*others, replace(update, set={**update.set, "originals": 1}), kept]


def _original_write(target: Target, item: Item, rev: int, now: int) -> Write:
    """The copy that a legal hold keeps of a message which revision `rev` changes; for readers it is gone at `now` (ms)."""
    gone = expiring(now // 1_000 - 1, held=True)
    was = {name: value for name, value in plain(item).items() if name not in ("PK", "SK", EXPIRES, HELD)}
    place = in_room(target.room, keys.original(target.sort_key, rev))
    return Write(place, set={**was, "type": "Original", "changedAt": now, **gone}, whole=True)


def marked(writes: Sequence[Write], marks: Mapping[str, int]) -> list[Write]:
    """Writes whose first moves the head, with what the head has to say besides."""
    moved, *others = writes
    return [replace(moved, set={**moved.set, **marks}), *others]


def remember_change(
    deployment: Deployment,
    room: Room,
    head: Head,
    now: int,
    marks: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Let this process's next send start from the head that a change on `head` has left behind."""
    rev = head.rev + 1
    at = changed_at(head, now)
    changed = replace(head, rev=rev, changed_rev=rev, changed_at=at, change_written_at=now).ruled(marks)
    deployment.memory.heads.put(room.partition_key, changed, deployment.monotonic())
