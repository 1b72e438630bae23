"""What is left of a room that has ended, removed in the background: a job of `jobs.py`.

Nobody gets anything of it any more, so nothing here is urgent or in order for readers. The order is for what cannot be
found afterwards: the proof of a send is found by its message, a file by its upload, a membership by its line in the
roster, a reaction by the list of its message's; and nobody reacts any more whose membership has ended. Each piece deletes what it found, or what was found before it was interrupted: the end of a room lets nothing
come after it.

What a legal hold covers stays: of a room that is held, everything, and the job is set up again when it is lifted; of a
person who is held, what they wrote.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Head, Item, Member
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.jobs import Step, new_job_write
from chat.steps.listing import user_of
from chat.steps.occupancy import SHARDS
from chat.steps.quota import returned_room
from chat.steps.reaction_removal import remove_reactions
from chat.steps.retry import retried, until_committed
from chat.steps.roster import end_write
from chat.storage import keys
from chat.storage.items import HELD, to_message
from chat.storage.legacy import is_numbered
from chat.storage.mention_items import forget_writes
from chat.storage.places import (
    Place,
    draft_place,
    head_place,
    membership_place,
    named_place,
    notified_place,
    notify_setting_place,
    receipts_place,
    sent_place,
)
from chat.storage.tables import MOST_ACTIONS, Write
from chat.storage.uploads import Upload, keys_of

KIND = "REMOVE_ROOM"
FIRST, LAST = " ", "\U0010ffff"
"""Keys before and after every other."""

Page = Callable[[Deployment, Room, Sequence[Item]], Sequence[Write]]
"""What becomes of the items of a page."""


def removal_write(room: Room, now: int) -> Write:
    """The write that sets the removal up, in the transaction that ends the room. `now` is in milliseconds."""
    return new_job_write(room.table, KIND, room.id, next(iter(STEPS)), now)


def _through(
    low: str,
    high: str,
    page: Page,
    writes_each: int,
    deployment: Deployment,
    subject: str,
    position: str | None,
) -> str | None:
    """A step through the items of the room's partition between `low` and `high`, a page at a time. `writes_each` is
    how many writes an item takes: one transaction holds those of a page, and for messages that mention people some more."""
    room = Room.parse(subject)
    return _page_of(
        deployment, room, room.partition_key, (low, high), page, MOST_ACTIONS // writes_each, position
    )


def _page_of(
    deployment: Deployment,
    room: Room,
    partition_key: str,
    between: tuple[str, str],
    page: Page,
    count: int,
    position: str | None,
) -> str | None:
    """One page; answers where the next begins, or `None` after the last."""
    tables, (low, high) = deployment.store.tables, between
    items, further = retried(
        deployment,
        lambda: tables.query_page(
            room.table, partition_key, low, high, forward=True, count=count, consistent=True, start=position
        ),
    )

    def step() -> bool:
        writes = page(deployment, room, items)
        for start in range(
            0, len(writes), MOST_ACTIONS
        ):  # in their order: what hangs on an item goes before it
            part = writes[start : start + MOST_ACTIONS]
            retried(deployment, partial(tables.transact, part))
        return True

    until_committed(deployment, Tally(), step)  # what a page looked at may be gone by its commit
    return further


def _files(deployment: Deployment, room: Room, items: Sequence[Item]) -> list[Write]:
    """Files go before the items that name them. Where attachments are off by now, the bucket's lifecycle ends
    them."""
    items = _not_held(items)
    uploads = deployment.uploads()
    if items and uploads is not None:
        objects, names = uploads.objects, [name for item in items for name in keys_of(Upload.of(item))]
        retried(deployment, lambda: objects.delete(names))
    return _items(deployment, room, items)


def _messages(deployment: Deployment, room: Room, items: Sequence[Item]) -> list[Write]:
    """A message goes with the proof of its send and with the items of those whom it mentions. One from before this backend
    may have no sender, and has none."""
    items = _not_held(items)
    proofs = [_proof(room, item) for item in items if "senderId" in item]
    mentions = [write for item in items for write in _mentions(room, item)]
    proven = [Write(place, delete=True) for place in dict.fromkeys(proofs)]
    return [*mentions, *proven, *_items(deployment, room, items)]


def _not_held(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if HELD not in item]


def _mentions(room: Room, item: Item) -> list[Write]:
    """The writes that delete the mention items of a message, where it has any."""
    if not is_numbered(item) or "senderId" not in item or not item.keys() & {"mentions", "mentionsAll"}:
        return []
    return forget_writes(room, to_message(room, item))


def _proof(room: Room, item: Item) -> Place:
    """Where the proof of a message's send lies, whether there is one or not."""
    name = item.get("clientMessageId") or item.get("id") or item["SK"]
    return sent_place(room, item["senderId"]["S"], name["S"])


def _people(deployment: Deployment, room: Room, items: Sequence[Item]) -> list[Write]:
    """Memberships stay as `left` for as long as those of people who leave, so that `sync` says so to every client;
    receipts, drafts and the names that they were found by go at once. One that an erasure has deleted meanwhile is not made anew."""
    user_ids = [user_of(item) for item in items]
    mine = {user_id: membership_place(room, user_id) for user_id in user_ids}
    places = list(mine.values())
    found = retried(deployment, lambda: deployment.store.tables.batch(places, consistent=True))
    now = deployment.now()
    members = {user_id: Member.of(found[place]) for user_id, place in mine.items() if place in found}
    there = {user_id: member for user_id, member in members.items() if member.status in ("active", "invited")}
    return [
        *(end_write(room, user_id, each, {"status": "left"}, now) for user_id, each in members.items()),
        *(write for user_id, member in there.items() for write in returned_room(user_id, member, now)),
        *(Write(receipts_place(room, user_id), delete=True) for user_id in user_ids),
        *(Write(draft_place(room, user_id), delete=True) for user_id in user_ids),
        *(Write(named_place(room, user_id), delete=True) for user_id in user_ids),
        *(Write(notified_place(room, user_id), delete=True) for user_id in user_ids),
        *(Write(notify_setting_place(room, user_id), delete=True) for user_id in user_ids),
        *_items(deployment, room, items),
    ]


def _items(deployment: Deployment, room: Room, items: Sequence[Item]) -> list[Write]:
    """Items that nothing else hangs on."""
    return [Write(Place(room.table, item["PK"]["S"], item["SK"]["S"]), delete=True) for item in items]


def _others_of_ours(deployment: Deployment, room: Room, items: Sequence[Item]) -> list[Write]:
    """The change log, the events, the pins, the names of its people, mentions of everybody whose message has gone before,
    and what an adoption has left. That the room has ended can be told again until it expires.
    The table may be older than the chat: whatever else another service keeps in the room's partition stays."""
    ours = [
        item
        for item in items
        if (_is_of_ours(item["SK"]["S"]) or _is_name(item)) and item.get("kind") != {"S": "ROOM_DELETED"}
    ]
    return _items(deployment, room, ours)


def _is_of_ours(sort_key: str) -> bool:
    is_numbered_kind = keys.is_of_revision(sort_key) or keys.is_all_mention(sort_key) or keys.is_pin(sort_key)
    return is_numbered_kind or sort_key == keys.ADOPTION


def _reaction_lists(deployment: Deployment, subject: str, position: str | None) -> str | None:
    """The lists by which reactions were found, and marks of what was to be summarised."""
    room = Room.parse(subject)
    partition_key = keys.reactions_of_room(room.partition_key)
    return _page_of(deployment, room, partition_key, (FIRST, LAST), _items, MOST_ACTIONS, position)


def _is_name(item: Item) -> bool:
    return item["SK"]["S"].startswith(keys.NAMES) and item.get("type") == {"S": "Name"}


def _counters(deployment: Deployment, subject: str, position: str | None) -> str | None:
    """What was counted of the room, which would expire by itself. A position is the number of a partition and, after
    `#`, where in it to read on."""
    room = Room.parse(subject)
    live = [keys.live(room.partition_key, shard) for shard in range(SHARDS)]
    partitions = [*live, keys.ledger(room.partition_key)]
    number, _, start = (position or "0#").partition("#")
    partition_key, between = partitions[int(number)], (FIRST, LAST)
    further = _page_of(deployment, room, partition_key, between, _items, MOST_ACTIONS, start or None)
    if further is not None:
        return f"{number}#{further}"
    following = int(number) + 1
    return f"{following}#" if following < len(partitions) else None


def tombstone_write(room: Room, head: Head) -> Write:
    """What stays of a room that has ended, so that nobody makes it anew: its numbers, and that it has ended."""
    left = {"type": "Room", "rev": head.rev, "seq": head.seq, "ts": head.ts, "epoch": head.epoch}
    if head.generation > 1:
        left |= {"generation": head.generation, "generationRev": head.generation_rev}
    return Write(
        head_place(room),
        condition="#rev = :rev AND attribute_exists(#endedAt)",
        given={":rev": head.rev},
        set={**left, "endedAt": head.ended_at},
        whole=True,
    )


def _tombstone(deployment: Deployment, subject: str, _: str | None) -> None:
    room, tables = Room.parse(subject), deployment.store.tables
    item = retried(deployment, lambda: tables.get(head_place(room)))
    if item is not None:
        retried(deployment, lambda: tables.transact([tombstone_write(room, Head.of(item))]))


def _unless_held(step: Step, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """The step, or its end where the room is held."""
    item = retried(deployment, lambda: deployment.store.tables.get(head_place(Room.parse(subject))))
    is_held = item is not None and "held" in item
    return None if is_held else step(deployment, subject, position)


_REMOVING: Mapping[str, Step] = {
    "files": partial(_through, keys.UPLOADS, keys.UPLOADS_END, _files, 1),
    "messages": partial(_through, keys.MESSAGES, keys.MESSAGES_END, _messages, 2),
    "members": partial(_through, keys.ROSTER, keys.ROSTER_END, _people, 8),
    "invited": partial(_through, keys.INVITATIONS, keys.INVITATIONS_END, _people, 8),
    "banned": partial(_through, keys.BANS, keys.BANS_END, _people, 8),
    "reactions": remove_reactions,
    "reactionLists": _reaction_lists,
    "rest": partial(_through, FIRST, LAST, _others_of_ours, 1),
    "counters": _counters,
    "tombstone": _tombstone,
}

STEPS: Mapping[str, Step] = {name: partial(_unless_held, step) for name, step in _REMOVING.items()}
