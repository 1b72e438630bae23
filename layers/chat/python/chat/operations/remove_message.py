"""Take a message's text, attachments, mentions and what it answers away for ever, and its pin, which AppSync then publishes
to `onMessage`.

Its item stays, with its number, and so does the proof of its sending: a repeat of that answers the message
without text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, enter_room
from chat.rules.errors import ServiceUnavailable
from chat.rules.models import Caller, Item, Message, attribute
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.message_change import (
    Target,
    change_writes,
    check_target,
    keeping_original,
    read_target,
    remember_change,
)
from chat.steps.pins import pin_place, pinned_attributes, unpin_write
from chat.steps.retry import retried, until_committed
from chat.storage.aws import StoreFailure
from chat.storage.change_log import changed_at
from chat.storage.event_items import traced
from chat.storage.mention_items import forget_writes
from chat.storage.places import head_place, membership_place
from chat.storage.tables import Write
from chat.storage.uploads import delete_writes, files_of, hide_writes, uploads_of

CONTENT = ("text", "attachments", "reply_to", "mentions", "mentions_all", "reactions")
"""The fields of a message that are taken away with it."""


def remove_message(
    deployment: Deployment,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    trace_id: str | None = None,
) -> Message:
    """What is left of the message that `arguments` (`roomId`, `id`, `ts`) name. Removed already, it is
    answered as it is. One's own words can be taken back where one does not see them any more, too. `trace_id` is stored
    with it.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    target = check_target(arguments)
    change_id = deployment.new_id(deployment.now())
    lost: list[str] = []

    def attempt() -> Message | None:
        with deployment.memory.turn(target.room.partition_key):
            with tally.timing("StoreMs"):
                seen = read_target(deployment, target, caller.user_id, [pin_place(target)])
            reader = enter_room(seen.view, caller, "read")
            message = seen.message
            is_own = reader.member is not None and message.sender_id == caller.user_id
            if not is_own:
                message = seen.seen_from(first_visible_to(reader))
            entry = enter_room(seen.view, caller, "removeOwn" if is_own else "removeAny")
            if message.removed_at is not None:
                return replace(message, history_from=entry.head.history_from)
            now = deployment.now()
            at = changed_at(entry.head, now)
            by = {"removedBy": caller.user_id, "changedBy": caller.user_id}
            attributes = {"removedAt": at, **by, **traced(trace_id)}
            with tally.timing("StoreMs"):
                uploads = uploads_of(deployment.store.tables, target.room, message)
            pins = pinned_attributes(entry.head, max(0, entry.head.pins - 1)) if seen.others else {}
            writes = _writes(target, caller, entry, message, attributes, now, change_id, seen.held)
            writes += [unpin_write(target)] if seen.others else []
            writes = [_with_pins(target, write, pins) for write in writes]
            writes += forget_writes(target.room, message)
            if seen.held:
                writes += hide_writes(target.room, uploads, now // 1_000)
            else:
                writes += delete_writes(target.room, uploads)
            lost[:] = [] if seen.held else files_of(message, uploads)
            with tally.timing("StoreMs"):
                deployment.store.tables.transact(writes)
            remember_change(deployment, target.room, entry.head, now, pins)
            tally.add("Removals")
            nothing: dict[str, Any] = dict.fromkeys(CONTENT)
            left = replace(message, removed_at=at, **nothing)
            left = replace(left, history_from=entry.head.history_from)
            return replace(left, rev=entry.head.rev + 1, epoch=entry.head.epoch)

    answer = until_committed(deployment, tally, attempt)
    _delete_files(deployment, lost, tally)
    return answer


def _delete_files(deployment: Deployment, names: Sequence[str], tally: Tally) -> None:
    """Nobody gets an address of them any more; what cannot be deleted now ends with its folder's time, and is
    counted."""
    uploads = deployment.uploads() if names else None
    if uploads is None:
        return
    try:
        with tally.timing("ObjectsMs"):
            retried(deployment, lambda: uploads.objects.delete(names))
    except (ServiceUnavailable, StoreFailure):
        tally.add("ObjectsLeft", len(names))


def _writes(
    target: Target,
    caller: Caller,
    entry: RoomAccess,
    message: Message,
    attributes: Mapping[str, Any],
    now: int,
    change_id: str,
    held: Item | None,
) -> list[Write]:
    """Whoever leaves moves the head, so a removal of one's own needs no look at the membership; a role may go
    without."""
    changed = change_writes(
        target,
        entry.head,
        message,
        kind="removed",
        now=now,
        change_id=change_id,
        attributes=attributes,
        remove=[attribute(each) for each in CONTENT],
    )
    changed = keeping_original(target, held, entry.head, now, changed)
    if entry.standing not in ("owner", "moderator"):
        return changed
    room = target.room
    actor = Write(
        membership_place(room, caller.user_id),
        condition="#status = :active AND #role = :role",
        given={":active": "active", ":role": entry.standing},
    )
    return [actor, *changed]


def _with_pins(target: Target, write: Write, pins: Mapping[str, int]) -> Write:
    """The same write, which if it is the head's says of the pins, too, what the removal has left of them."""
    is_of_head = pins and write.place == head_place(target.room)
    return replace(write, set={**write.set, **pins}) if is_of_head else write
