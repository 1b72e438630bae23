"""What an erasure tells and takes away in each room in which the person was or has sent something.

A room hears of it once: one revision of the kind ERASED names the numbers of all of their messages there, in runs (`MOST_RANGES`
at the most; beyond that there is one more). Whoever held these drops what they said. With it go the pins of these messages,
and whatever the head says of the person. What was told is noted in the person's partition in the same transaction, so
that it is told once, however often the job is interrupted, and the receipt is the sum of these notes.
"""

import json
from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.erasure import ERASED_SENDER, MOST_RANGES, Ranges, packed, ranges_of, to_wire
from chat.rules.models import Head, Notice, Stored
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.erased_messages import update_if
from chat.steps.erasure_subject import AFTER, next_room, page_of, person_in
from chat.steps.pins import Pin, pinned_attributes, read_pins
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.storage import keys
from chat.storage.change_log import LogEntry, changed_at, entry_write, logged
from chat.storage.erased_items import event_without_write
from chat.storage.places import erasing_place, head_place, in_room
from chat.storage.tables import NEW, Write
from chat.storage.uploads import upload_place

PROOFS_AT_ONCE = 1_000
EVENTS_AT_ONCE = 100


@record(frozen=True, slots=True, kw_only=True)
class Told(Stored):
    """What an erasure has told in a room: in how many revisions, of how many messages and runs of these."""

    revisions: int = 0
    messages: int = 0
    runs: int = 0


def tell_rooms(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: the next room."""
    user_id = person_in(subject)
    room = next_room(deployment, table, user_id, position or "")
    if room is None:
        return None
    runs = ranges_of(_numbers(deployment, room, user_id))
    parts: list[Ranges] = [runs[start : start + MOST_RANGES] for start in range(0, len(runs), MOST_RANGES)]
    _forget_picture(deployment, room, user_id)
    for number, part in enumerate(parts or [[]]):
        tell = partial(_tell, deployment, room, user_id, part, number)
        until_room_is_changed(deployment, Tally(), room, tell)
    return room.partition_key


def _numbers(deployment: Deployment, room: Room, user_id: str) -> Sequence[int]:
    """Of all messages that the person's proofs name in the room: eight bytes each, whatever there are."""
    numbers, start = array("q"), None
    while True:
        items, start = page_of(
            deployment,
            room.table,
            keys.user_partition(user_id),
            keys.proofs_of(room.partition_key),
            PROOFS_AT_ONCE,
            start,
        )
        numbers.extend(int(item["seq"]["N"]) for item in items if "seq" in item)
        if start is None:
            return numbers


def _tell(deployment: Deployment, room: Room, user_id: str, runs: Ranges, number: int) -> bool:
    """One attempt at the revision that names these runs, the room's `number`th of this erasure; without any, at one that takes
    the person out of the head, where it names them."""
    note = erasing_place(room, user_id)
    found = deployment.store.tables.batch([head_place(room), note], consistent=True)
    head, told = Head.found(found.get(head_place(room))), Told.found(found.get(note)) or Told()
    if told.revisions > number:
        return True
    noted = _note(deployment, room, user_id, told, runs)
    if head is None or head.ended_at:
        if runs:
            deployment.store.tables.transact([noted])
        return True
    now = deployment.now()
    pins, writes = _pins(deployment, room, head, user_id, runs)
    named = {**pins, **_named(head, user_id)}
    if not runs:
        if named:
            commit(
                deployment,
                next_revision(deployment, room, head, None, kind="INTERNAL", changes=named),
                writes,
            )
        return True
    entry = LogEntry(
        id=deployment.new_id(now),
        rev=head.rev + 1,
        prev=head.changed_rev,
        prev_ts=head.changed_at,
        message_sk="",
        seq=0,
        kind="erased",
        ts=changed_at(head, now),
        written_at=now,
        prev_written_at=head.change_written_at,
        erased=packed(runs),
    )
    alone = {"alone": head.alone} if head.alone else {}  # nobody has come by this
    revision = next_revision(
        replace(deployment, now=lambda: now),
        room,
        head,
        None,
        Notice(kind="ERASED", erased=to_wire(runs)),
        changes={**logged(head, entry), **named, **alone},
    )
    commit(deployment, revision, [entry_write(room, entry), noted, *writes])
    return True


def _note(deployment: Deployment, room: Room, user_id: str, told: Told, runs: Ranges) -> Write:
    """The note of this revision, if it is as it was read."""
    messages = told.messages + sum(last - first + 1 for first, last in runs)
    return Write(
        erasing_place(room, user_id),
        condition="#revisions = :was" if told.revisions else NEW,
        given={":was": told.revisions} if told.revisions else {},
        set={
            "type": "Erasing",
            "revisions": told.revisions + 1,
            "messages": messages,
            "runs": told.runs + len(runs),
        },
    )


def _pins(
    deployment: Deployment, room: Room, head: Head, user_id: str, runs: Ranges
) -> tuple[dict[str, Any], list[Write]]:
    """The end of the pins of erased messages, and who pinned others' no more: attributes of the head, and writes."""
    writes, ended = [], 0
    for message_key, pin in read_pins(deployment, room).items():
        place = in_room(room, keys.pin(message_key))
        if _is_in(runs, pin):
            ended += 1
            writes.append(Write(place, delete=True))
        elif pin.pinned_by == user_id:
            writes.append(Write(place, condition="attribute_exists(PK)", set={"pinnedBy": ERASED_SENDER}))
    return (pinned_attributes(head, max(0, head.pins - ended)) if writes else {}), writes


def _is_in(runs: Ranges, pin: Pin) -> bool:
    return any(first <= pin.seq <= last for first, last in runs)


def _named(head: Head, user_id: str) -> dict[str, Any]:
    """Attributes of the head that name the person, as they are to be. In a direct room another keeps their place in the pair, of
    which `sync` tells the other as of a rule."""
    changes: dict[str, Any] = {}
    if head.created_by == user_id:
        changes["createdBy"] = None
    pair = json.loads(head.direct or "[]")
    if user_id in pair:
        named = [ERASED_SENDER if each == user_id else each for each in pair]
        changes["direct"] = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
        changes["ruledRev"] = head.rev + 1
    return changes


def _forget_picture(deployment: Deployment, room: Room, user_id: str) -> None:
    """The room's picture stays, and says no more who has uploaded it."""
    item = deployment.store.tables.get(head_place(room))
    head = Head.found(item)
    if head is not None and head.avatar_id:
        write = Write(
            upload_place(room, head.avatar_id),
            condition="#senderId = :user",
            given={":user": user_id},
            set={"senderId": ERASED_SENDER},
        )
        update_if(deployment, write)


def forget_events(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: events of a room that name the person, which it keeps for 30 days, name them no more."""
    user_id = person_in(subject)
    partition_key, _, start = (position or "").partition(AFTER)
    room = Room.lying_in(partition_key) if start else next_room(deployment, table, user_id, partition_key)
    if room is None:
        return None
    between = (keys.EVENTS, keys.EVENTS_END)
    items, further = page_of(
        deployment, room.table, room.partition_key, between, EVENTS_AT_ONCE, start or None
    )
    for item in items:
        if item.get("type") == {"S": "Event"}:
            write = event_without_write(in_room(room, item["SK"]["S"]), item, user_id)
            if write is not None:
                update_if(deployment, write)
    return f"{room.partition_key}{AFTER}{further or ''}"
