"""A legal hold carried out, in the background: a job of `jobs.py`.

TTL works item by item, so each item that is held is written to: its `expiresAt` becomes `heldExpiresAt`, by which it is
gone for readers at the same instant, and by which DynamoDB deletes nothing. Lifting moves it back. One job does both:
it brings each item to what the holds that stand say of it, in a transaction that holds only while these are the same.
So two holds may overlap, and one may be lifted while another, or itself, is still being carried out.

What expires soonest goes first: files that end before their messages, then messages by their instants; a person's, which
lie by room, in two passes. From its first step on, what is sent to the room, or by the person, is written as held
(`chat/storage/send_attempt.py`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.holds import Holds
from chat.rules.models import DAY_MS, Head, Item
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.steps.hold_files import DAY_S, Rehoused, rehouse
from chat.steps.holds import LIFT, SET, Subject, active_write, lifted_writes, read_holds
from chat.steps.jobs import TABLES, Step
from chat.steps.retry import attempts, retried
from chat.steps.revision import commit, next_revision
from chat.steps.room_removal import removal_write
from chat.storage import keys
from chat.storage.aws import Cancelled, TransientFailure
from chat.storage.event_items import HELD_REV
from chat.storage.items import EXPIRES, HELD, expiry_of
from chat.storage.places import Place, head_place, hold_place, in_room
from chat.storage.tables import MOST_ACTIONS, Write
from chat.storage.uploads import Upload, upload_place

__all__ = ["LIFT", "SET", "STEPS"]

SOON_S = 30 * DAY_MS // 1_000
"""What a person's first pass takes: what expires within a month."""

_MOST_MOVED = MOST_ACTIONS - 2
_PAGE, _PROOFS_PAGE, _FILES_PAGE = 98, 40, 10


@record(frozen=True, slots=True)
class _Work:
    """A hold's job at one piece: where the hold lies, what it covers, and all holds as they were read for this try."""

    deployment: Deployment
    place: Place
    subject: Subject
    holds: Holds

    def query(
        self, table: Table, partition_key: str, between: tuple[str, str], count: int, start: str | None
    ) -> tuple[list[Item], str | None]:
        low, high = between
        return self.deployment.store.tables.query_page(
            table, partition_key, low, high, forward=True, count=count, consistent=True, start=start
        )

    def commit(self, writes: Sequence[Write]) -> None:
        """Make the writes, while the holds are as they were read, and count them: none is made or counted twice."""
        for start in range(0, len(writes), _MOST_MOVED):
            part = writes[start : start + _MOST_MOVED]
            rev = Write(hold_place(keys.HOLDS_REV), condition="#rev = :rev", given={":rev": self.holds.rev})
            counted = Write(self.place, condition="attribute_exists(PK)", add={"moved": len(part)})
            self.deployment.store.tables.transact([rev, counted, *part])


Piece = Callable[[_Work, str | None], str | None]


def _step(name: str, piece: Piece, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A piece of work as a step, tried again where holds, or items, were changed meanwhile."""
    partition_key = subject.rpartition("#")[0]
    place = hold_place(subject)
    if position is None:
        _say(deployment, place, name)
    for _ in attempts(deployment):
        try:
            work = _Work(deployment, place, Subject.lying_in(partition_key), read_holds(deployment))
            return piece(work, position)
        except (Cancelled, TransientFailure):
            continue
    raise ServiceUnavailable


def _say(deployment: Deployment, place: Place, name: str) -> None:
    """Tell whoever looks at the hold which part goes on; a hold that is gone has been lifted to the end."""
    write = Write(place, condition="attribute_exists(PK)", set={"through": name})
    try:
        retried(deployment, lambda: deployment.store.tables.transact([write]))
    except Cancelled:
        return


def moved_write(place: Place, item: Item, *, held: bool) -> Write | None:
    """The write that has an item held, or not held any more; `None` where it is so, or never expires. Of a message it says
    that it is no revision."""
    was, becomes = (EXPIRES, HELD) if held else (HELD, EXPIRES)
    if was not in item:
        return None
    at = int(item[was]["N"])
    condition, given, moved = f"#{was} = :at", {":at": at}, {becomes: at}
    if rev := item.get("rev") or item.get("sentRev"):
        revision = "rev" if "rev" in item else "sentRev"
        condition += f" AND #{revision} = :rev"
        condition += "" if "rev" in item else " AND attribute_not_exists(#rev)"
        given[":rev"] = int(rev["N"])
        moved[HELD_REV] = int(rev["N"])
    return Write(place, condition=condition, given=given, set=moved, remove=(was,))


def _moves(work: _Work, room: Room, items: Iterable[Item]) -> list[Write]:
    """The moves of messages and of their originals, by who wrote them."""
    found = [
        moved_write(in_room(room, item["SK"]["S"]), item, held=work.holds.covers(room, _sender(item)))
        for item in items
        if "senderId" in item
    ]
    return [write for write in found if write is not None]


def _sender(item: Item) -> str | None:
    return item["senderId"]["S"] if "senderId" in item else None


# a room


def _flag(work: _Work, position: str | None) -> None:
    """Have the room's head say whether it is held: a revision, so that no send that began before is stored after it."""
    room = work.subject.room
    if room is None:
        return
    item = work.deployment.store.tables.get(head_place(room))
    head, wanted = Head.found(item), room.id in work.holds.rooms
    if head is None or bool(head.held) == wanted:
        return
    changes = {"held": 1 if wanted else None}
    revision = next_revision(work.deployment, room, head, None, kind="INTERNAL", changes=changes)
    commit(work.deployment, revision, [])


def _through(low: str, high: str, work: _Work, position: str | None) -> str | None:
    """The messages of a room, or what is kept of them, from `low` to `high`."""
    room = work.subject.room
    if room is None:
        return None
    items, further = work.query(room.table, room.partition_key, (low, high), _PAGE, position)
    work.commit(_moves(work, room, items))
    return further


def _soon_files(work: _Work, position: str | None) -> str | None:
    """Files that end within `SOON_S` though their messages may stay. One is sent within a day of its upload."""
    file_days = work.deployment.file_days
    if not file_days:
        return None
    up_to = work.deployment.now() + SOON_S * 1_000 - file_days * DAY_MS
    return _files(work, position, keys.upload_floor(up_to))


def _files(work: _Work, position: str | None, high: str = keys.UPLOADS_END) -> str | None:
    room = work.subject.room
    if room is None:
        return None
    between = keys.UPLOADS, high
    items, further = work.query(room.table, room.partition_key, between, _FILES_PAGE, position)
    files = _file_moves(work, room, items)
    work.commit([write for each in files for write in each.writes])
    _delete_old(work.deployment, files)
    return further


def _file_moves(work: _Work, room: Room, items: Iterable[Item]) -> list[Rehoused]:
    """The moves of files that messages hold: with each the file itself, out of the reach of the bucket's lifecycle."""
    used = [(item, Upload.of(item)) for item in items if item.get("status") == {"S": "used"}]
    return [
        rehouse(
            work.deployment,
            upload_place(room, upload.id),
            upload,
            moved_write(upload_place(room, upload.id), item, held=held),
            held=held,
        )
        for item, upload in used
        for held in [work.holds.covers(room, upload.sender_id)]
    ]


def _delete_old(deployment: Deployment, files: Sequence[Rehoused]) -> None:
    uploads, names = deployment.uploads(), [name for each in files for name in each.old]
    if uploads is not None and names:
        retried(deployment, lambda: uploads.objects.delete(names))


# a person


def _memberships(work: _Work, position: str | None) -> str | None:
    """Have somebody's memberships say whether they are held, which every send looks at, and keep those that have ended."""
    return _in_both_tables(work, (keys.MEMBERSHIPS, keys.MEMBERSHIPS_END), _PAGE, position, _flagged)


def _flagged(work: _Work, table: Table, items: Sequence[Item]) -> None:
    held = work.subject.user_id in work.holds.people
    writes = []
    for item in items:
        place = Place(table, item["PK"]["S"], item["SK"]["S"])
        moved = moved_write(place, item, held=held)
        if moved is None and ("held" in item) == held:
            continue
        flag: Mapping[str, int] = {"held": 1} if held else {}
        base = moved or Write(place, condition="attribute_exists(PK)")
        removed = (*base.remove, *(() if held else ("held",)))
        writes.append(
            Write(place, condition=base.condition, given=base.given, set={**base.set, **flag}, remove=removed)
        )
    work.commit(writes)


def _proofs(soon: bool, work: _Work, position: str | None) -> str | None:
    """What somebody has sent, by the proofs of it. `soon`: only what expires within `SOON_S`, or had files that do."""
    between = keys.PROOFS, keys.PROOFS_END
    return _in_both_tables(work, between, _PROOFS_PAGE, position, partial(_sent, soon))


def _sent(soon: bool, work: _Work, table: Table, items: Sequence[Item]) -> None:
    """A proof goes with its message and the message's files. One that is as it is to be is not looked at."""
    held = work.subject.user_id in work.holds.people
    is_late = [soon and not _ends_soon(work.deployment, item) for item in items]
    places = [Place(table, item["PK"]["S"], item["SK"]["S"]) for item in items]
    moves = [moved_write(place, item, held=held) for place, item in zip(places, items, strict=True)]
    found = [
        (move, Room.lying_in(item["SK"]["S"].removeprefix(keys.PROOFS).rpartition("#")[0]), item["messageSk"])
        for move, item, late in zip(moves, items, is_late, strict=True)
        if move is not None and not late
    ]
    for move, room, message_key in found:
        _sent_one(work, move, room, message_key["S"])
    for room in [] if held else dict.fromkeys(room for _, room, _ in found):
        _removal_again(work, room)


def _ends_soon(deployment: Deployment, proof: Item) -> bool:
    """Whether a sent message, or a file that it may have, expires within `SOON_S`."""
    now_s, file_days = deployment.now() // 1_000, deployment.file_days
    file_ends = keys.instant(proof["messageSk"]["S"]) // 1_000 + file_days * DAY_S
    return (expiry_of(proof) or 0) <= now_s + SOON_S or (
        file_days > 0 and now_s <= file_ends <= now_s + SOON_S
    )


def _sent_one(work: _Work, proof: Write, room: Room, message_key: str) -> None:
    place = in_room(room, message_key)
    message = work.deployment.store.tables.get(place)
    if message is None or _sender(message) != work.subject.user_id:
        work.commit([proof])
        return
    originals = _originals_of(work, room, message_key) if "originals" in message else []
    uploads = _uploads_of(work, room, [message, *originals])
    files = _file_moves(work, room, uploads)
    writes = [write for each in files for write in each.writes]
    work.commit([*_moves(work, room, [message, *originals]), *writes, proof])
    _delete_old(work.deployment, files)


def _originals_of(work: _Work, room: Room, message_key: str) -> list[Item]:
    """The copies that were kept of a message: as many as it was edited, in one request of 1 MB."""
    between = keys.originals_of(message_key)
    items, _ = work.query(room.table, room.partition_key, between, _PAGE, None)
    return items


def _uploads_of(work: _Work, room: Room, messages: Iterable[Item]) -> list[Item]:
    listed = [json.loads(item["attachments"]["S"]) for item in messages if "attachments" in item]
    places = [upload_place(room, each["id"]) for attachments in listed for each in attachments]
    return list(work.deployment.store.tables.batch(places, consistent=True).values())


def _in_both_tables(
    work: _Work,
    between: tuple[str, str],
    count: int,
    position: str | None,
    deal: Callable[[_Work, Table, Sequence[Item]], None],
) -> str | None:
    """One page of a person's items. A position is the table and, after `/`, where in it to read on."""
    if work.subject.user_id is None:
        return None
    name, _, start = (position or f"{TABLES[0]}/").partition("/")
    table = next(each for each in TABLES if each == name)
    partition_key = work.subject.partition_key
    items, further = work.query(table, partition_key, between, count, start or None)
    deal(work, table, items)
    if further is not None:
        return f"{table}/{further}"
    following = TABLES[TABLES.index(table) + 1 :]
    return f"{following[0]}/" if following else None


# the end


def _removal_again(work: _Work, room: Room) -> None:
    """A room that ended under a hold is removed once nothing holds it."""
    head = Head.found(work.deployment.store.tables.get(head_place(room)))
    if head is not None and head.ended_at and not work.holds.covers(room, work.subject.user_id):
        work.deployment.store.tables.transact([removal_write(room, work.deployment.now())])


def _end(work: _Work, position: str | None) -> None:
    """Say that all is held, or that all was given back."""
    tables, now = work.deployment.store.tables, work.deployment.now()
    item = tables.get(work.place)
    state = item["state"]["S"] if item else None
    if item and state == "PENDING":
        tables.transact([active_write(work.place, now)])
    if item and state == "LIFTING":
        if work.subject.room is not None:
            _removal_again(work, work.subject.room)
        tables.transact(lifted_writes(work.place, item, now))


_PIECES: Mapping[str, Piece] = {
    "flag": _flag,
    "memberships": _memberships,
    "soonFiles": _soon_files,
    "messages": partial(_through, keys.MESSAGES, keys.MESSAGES_END),
    "soonProofs": partial(_proofs, True),
    "originals": partial(_through, keys.ORIGINALS, keys.ORIGINALS_END),
    "files": _files,
    "proofs": partial(_proofs, False),
    "end": _end,
}

STEPS: Mapping[str, Step] = {name: partial(_step, name, piece) for name, piece in _PIECES.items()}
