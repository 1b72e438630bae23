"""Pieces of an export: the person's messages, found by the proofs of their sends, as pages for reading, and with their
files."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from chat.rules.export_files import (
    MOST_BYTES,
    MOST_LINES,
    FileRecord,
    folder_of,
    lines_file,
    skipped,
    to_line,
    whole_file,
)
from chat.rules.export_lines import message_line
from chat.rules.export_pages import message_page
from chat.rules.models import Item, Message, Sent
from chat.rules.rooms import Room, Table
from chat.steps.export_context import Export
from chat.steps.export_copies import copied
from chat.storage.items import is_expired, to_message
from chat.storage.places import in_room
from chat.storage.uploads import Upload, upload_place

PROOFS, PROOFS_END = "SENT#", "SENT$"
_AT_ONCE = 25
"""Messages that are read in one request: of the largest that there are, these come whole."""


def messages(export: Export, number: int, table: Table, start: str | None, page_before: int) -> FileRecord:
    """A file of messages in one room. `start` is the last proof that was followed."""
    room_key = _next_room_key(export, table, start)
    if room_key is None:
        following: list[Any] = ["messages", "guild", None, 0] if table == "core" else ["picture"]
        return export.put(number, skipped(to_line(following)))
    is_same_room = start is not None and _room_key(start) == room_key
    room, page_number = Room.lying_in(room_key), page_before + 1 if is_same_room else 1
    low, high = f"{PROOFS}{room_key}#", f"{PROOFS}{room_key}$"
    proofs = _proofs(export, table, low, high, MOST_LINES, start if is_same_room else None)
    found, last = _followed(export, room, proofs)
    attached = sum(len(json.loads(each.attachments or "[]")) for each in found)
    name = f"{folder_of(room.id)}/messages-{page_number:06d}.jsonl"
    onward = ["page", number, table, last, page_number]
    if not found:
        return export.put(number, skipped(to_line(["messages", table, last, page_number])))
    ordered = sorted(found, key=lambda each: (each.ts, each.id))
    file = lines_file(name, "messages", map(message_line, ordered), to_line(onward), files=attached)
    return export.put(number, file)


def _next_room_key(export: Export, table: Table, start: str | None) -> str | None:
    """The partition key of the room that the next proof is of."""
    proofs = _proofs(export, table, PROOFS, PROOFS_END, 1, start)
    return _room_key(proofs[0]["SK"]["S"]) if proofs else None


def _proofs(
    export: Export, table: Table, low: str, high: str, count: int, start: str | None
) -> Sequence[Item]:
    tables = export.deployment.store.tables
    found, _ = export.retried(
        lambda: tables.query_page(
            table,
            export.partition_key,
            low,
            high,
            forward=True,
            count=count,
            consistent=True,
            start=start,
        )
    )
    return found


def _followed(export: Export, room: Room, proofs: Sequence[Item]) -> tuple[list[Message], str]:
    """The messages of proofs, as many as a file holds, and the last of their proofs."""
    found: list[Message] = []
    size, last = 0, ""
    for at in range(0, len(proofs), _AT_ONCE):
        some = proofs[at : at + _AT_ONCE]
        places = [in_room(room, Sent.of(each).message_sk) for each in some]
        stored = export.retried(partial(export.deployment.store.tables.batch, places, consistent=True))
        mine = [to_message(room, stored[each]) for each in places if _is_to_be_had(export, stored.get(each))]
        found += [each for each in mine if each.sender_id == export.request.user_id]
        size += sum(len((each.text or "").encode()) for each in mine)
        last = some[-1]["SK"]["S"]
        if size >= MOST_BYTES:
            break
    return found, last


def _is_to_be_had(export: Export, item: Item | None) -> bool:
    return item is not None and not is_expired(item, export.begun_s)


def _room_key(proof: str) -> str:
    """The room's partition key in a proof's sort key; what comes after it has no `#`."""
    return proof.removeprefix(PROOFS).rpartition("#")[0]


def page(export: Export, number: int, of: int, table: Table, last: str, page_number: int) -> FileRecord:
    """The messages of a file, for reading."""
    record, lines = export.record(of), _lines(export, of)
    onward = ["messages", table, last, page_number]
    following = ["attachment", of, 0, *onward[1:]] if record.files else onward
    content = message_page(str(lines[0]["roomId"]), lines)
    name = f"{record.name.removesuffix('.jsonl')}.html"
    return export.put(number, whole_file(name, "page", content, "text/html", to_line(following)))


def attachment(
    export: Export, number: int, of: int, which: int, table: Table, last: str, page_number: int
) -> FileRecord:
    """One of the files that the messages of a file have."""
    attached = [
        (str(line["roomId"]), str(file["id"]))
        for line in _lines(export, of)
        for file in line.get("attachments") or ()
    ]
    room_id, upload_id = attached[which]
    onward: list[Any] = ["messages", table, last, page_number]
    if which + 1 < len(attached):
        onward = ["attachment", of, which + 1, *onward[1:]]
    place = upload_place(Room.parse(room_id), upload_id)
    upload = Upload.found(export.retried(lambda: export.deployment.store.tables.get(place)))
    if upload is None or upload.sender_id != export.request.user_id or upload.ends_at < export.begun_s:
        return export.put(number, skipped(to_line(onward)))
    return copied(export, number, upload.s3_key, upload_id, "attachment", to_line(onward))


def _lines(export: Export, number: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export.read_whole(number).decode().splitlines()]
