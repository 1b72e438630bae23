"""A room's summary of reactions: one revision that says of up to twenty messages who reacts to them now.

It moves the room's head, is told as a notice, stands in the change log, and is in the messages themselves, all in one
transaction. There is one in a second at the most in each room: the head says when the last was made.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Head, Item, Notice
from chat.rules.reactions import parsed, summary_of
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.message_change import check_target, unexpired
from chat.steps.reaction_counts import Counted
from chat.steps.revision import commit, next_revision
from chat.storage import keys
from chat.storage.change_log import LogEntry, changed_at, entry_write, logged
from chat.storage.event_items import REACTED_REV, TOLD_REV, is_by_reactions
from chat.storage.places import Place, head_place, in_room
from chat.storage.tables import Write

EVERY_MS = 1_000
"""How far apart two summaries of a room are."""

MOST_MESSAGES = 20
MOST_CHARACTERS = 64_000
"""How many messages a summary is about, and how long it is, but for that of one message: events and published messages have
their limits."""


@record(frozen=True, slots=True)
class Summary:
    """What a message is to say of its reactions. `item` is its item as it was seen."""

    message_id: str
    seq: int
    item: Item
    reactions: str | None


def wait_ms(head: Head, now: int, most_ahead: int) -> int:
    """How long it is until the room's next summary may be made. One that a clock has made that is further ahead than
    clocks may be (ms) holds nobody up."""
    passed = now - head.reacted_at
    return max(0, EVERY_MS - passed) if passed >= -most_ahead else 0


def message_place(room: Room, message_id: str) -> Place:
    return in_room(room, keys.message_of(message_id) or "")


def readable(deployment: Deployment, room: Room, head: Head, message_id: str, item: Item | None) -> bool:
    """Whether there is a message that anybody can react to."""
    target = check_target({"roomId": room.id, "id": message_id})
    message = unexpired(deployment, target, head, item)
    return message is not None and message.removed_at is None


@record(frozen=True, slots=True)
class Done:
    """The messages that say now of their reactions what they are to say."""

    message_ids: Collection[str]


def summarised(deployment: Deployment, room: Room, counts: Sequence[Counted]) -> Done:
    """Make the revision that says this, on the room as it is now; none where all say it, and where another one was made in the
    last second. Raises `Cancelled` where others came first."""
    every = [each.where.message_id for each in counts]
    places = [head_place(room), *(message_place(room, each) for each in every)]
    found = deployment.store.tables.batch(places, consistent=True)
    item = found.get(head_place(room))
    if item is None or (head := Head.of(item)).ended_at:
        return Done(every)
    now = deployment.now()
    if wait_ms(head, now, deployment.max_clock_skew_ms):
        return Done(())
    changed, left = as_many_as_fit(_summaries(deployment, room, head, counts, found))
    if changed:
        _commit(deployment, room, head, changed, now)
    return Done([each for each in every if each not in left])


def _summaries(
    deployment: Deployment, room: Room, head: Head, counts: Sequence[Counted], found: Mapping[Place, Item]
) -> list[Summary]:
    """What messages are to say that do not say it yet."""
    made = []
    for each in counts:
        message_id = each.where.message_id
        item = found.get(message_place(room, message_id))
        if item is None or not readable(deployment, room, head, message_id, item):
            continue
        before = item["reactions"]["S"] if "reactions" in item else None
        reactions = summary_of(each.counts, each.names, before)
        if reactions != before:
            made.append(Summary(message_id, int(item["seq"]["N"]), item, reactions))
    return made


def as_many_as_fit(wanted: Sequence[Summary]) -> tuple[list[Summary], frozenset[str]]:
    """Those of the next revision, and the ids of those that are for a later one."""
    chosen: list[Summary] = []
    for each in wanted[:MOST_MESSAGES]:
        if chosen and sum(len(one.reactions or "") for one in (*chosen, each)) > MOST_CHARACTERS:
            break
        chosen.append(each)
    return chosen, frozenset(each.message_id for each in wanted[len(chosen) :])


def _commit(deployment: Deployment, room: Room, head: Head, changed: Sequence[Summary], now: int) -> None:
    rev, at = head.rev + 1, changed_at(head, now)
    # In a room with history from joining not everybody may see every message: who may, reads what it says.
    are_told = head.history_from != "joining"
    told = [
        {
            "id": each.message_id,
            "seq": each.seq,
            "rev": rev,
            "reactions": parsed(each.reactions) if are_told else None,
        }
        for each in changed
    ]
    sort_keys = [message_place(room, each.message_id).sort_key for each in changed]
    entry = LogEntry(
        id=deployment.new_id(now),
        rev=rev,
        prev=head.changed_rev,
        prev_ts=head.changed_at,
        message_sk=sort_keys[0],
        seq=changed[0].seq,
        kind="reacted",
        ts=at,
        written_at=now,
        prev_written_at=head.change_written_at,
        messages=json.dumps([[key, each.seq] for key, each in zip(sort_keys, changed, strict=True)]),
    )
    alone = {"alone": head.alone} if head.alone else {}  # nobody has come by this
    revision = next_revision(
        replace(deployment, now=lambda: now),  # the event's instant is the one that the head keeps
        room,
        head,
        None,
        Notice(kind="REACTIONS_CHANGED", reactions=told),
        changes={**logged(head, entry), "reactedAt": now, **alone},
    )
    messages = [_message_write(room, each, rev) for each in changed]
    commit(deployment, revision, [entry_write(room, entry), *messages])


def _message_write(room: Room, summary: Summary, rev: int) -> Write:
    """The message says it from this revision on, if nobody has changed it meanwhile, and still has its last event to tell."""
    item = summary.item
    was = item.get("rev", {}).get("N")
    told = item[TOLD_REV]["N"] if is_by_reactions(item) else was or "0"
    moved: dict[str, Any] = {"rev": rev, REACTED_REV: rev, TOLD_REV: int(told)}
    unchanged = "attribute_not_exists(#rev)" if was is None else "#rev = :was"
    return Write(
        message_place(room, summary.message_id),
        condition=f"attribute_exists(PK) AND attribute_not_exists(#removedAt) AND {unchanged}",
        given={} if was is None else {":was": int(was)},
        set=moved if summary.reactions is None else moved | {"reactions": summary.reactions},
        remove=["reactions"] if summary.reactions is None else [],
    )
