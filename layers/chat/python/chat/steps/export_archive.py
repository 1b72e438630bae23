"""The archive of an export, made of its pieces in parts.

A part is at least 8 MiB, so what is less waits in an object for more. What a part holds follows from where it begins, so it is
the same whoever makes it, and however often.
"""

import json
from dataclasses import astuple, replace

from chat.deployment import Deployment
from chat.rules.export_archive import Entry, central_header, end_of_archive, local_header
from chat.rules.export_files import SKIPPED, FileRecord, to_line
from chat.rules.record import record
from chat.steps.export_context import Export, open_export
from chat.storage.aws import StoreFailure
from chat.storage.export_objects import archive_key, carried_key

PART = 8 * 1_048_576
"""Bytes; S3 takes 10,000 parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
LOOKS = 200
"""How many pieces are looked at before the job's next checkpoint."""


@record(frozen=True, slots=True)
class Packing:
    """How far an archive is. `part` is the next one, `carried` the number of the object that waits for more (0: none).

    `piece` is the one that is being packed, `at` how many of its bytes are, -1 before its header. `offset` is where the next
    header stands. Once every piece is packed, `listed` is the next of which the directory has to speak, `next_offset` where
    its header stands; `count` files are in the directory, whose bytes are `size`."""

    upload_id: str
    total: int
    part: int = 1
    carried: int = 0
    piece: int = 1
    at: int = -1
    offset: int = 0
    listed: int = 1
    next_offset: int = 0
    count: int = 0
    size: int = 0
    is_ended: bool = False


def archive(deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A part more of the archive."""
    export = open_export(deployment, subject)
    if export is None:
        return None
    key = archive_key(export.request.request_id)
    if position is None:
        total = int(export.request.counted()["pieces"])
        upload_id = export.retried(lambda: export.objects.begin_parts(key, "application/zip"))
        return to_line(astuple(Packing(upload_id, total)))
    try:
        packing = _packed(export, key, Packing(*json.loads(position)))
    except StoreFailure as failure:
        if str(failure) != "NoSuchUpload":
            raise
        # It has ended: because it was completed, or the bucket's lifecycle has given it up.
        is_complete = export.retried(lambda: export.objects.find(key)) is not None
        return None if is_complete else archive(deployment, subject, None)
    return None if packing.is_ended else to_line(astuple(packing))


def _packed(export: Export, key: str, packing: Packing) -> Packing:
    """The archive, a part further or at its end."""
    content = bytearray(_carried(export, packing))
    packing = _filled(export, packing, content)
    body, number = bytes(content), packing.part
    if not packing.is_ended and len(content) < PART:
        waiting = replace(packing, carried=packing.carried + 1)
        carried = carried_key(export.request.request_id, waiting.carried)
        export.retried(lambda: export.objects.put(carried, body))
        return waiting
    export.retried(lambda: export.objects.put_part(key, packing.upload_id, number, body))
    if packing.is_ended:
        export.retried(lambda: export.objects.end_parts(key, packing.upload_id, number))
    return replace(packing, part=number + 1, carried=0)


def _carried(export: Export, packing: Packing) -> bytes:
    if not packing.carried:
        return b""
    key = carried_key(export.request.request_id, packing.carried)
    found = export.retried(lambda: export.objects.find(key))
    if found is None:
        raise StoreFailure("PieceGone")
    return export.retried(lambda: export.objects.read(key, 0, found.size))


def _filled(export: Export, packing: Packing, content: bytearray) -> Packing:
    """Put more behind `content`, until it is a part, the archive is whole, or enough was looked at."""
    for _ in range(LOOKS):
        if packing.is_ended or len(content) >= PART:
            break
        if packing.piece <= packing.total:
            packing = _with_piece(export, packing, content)
        elif packing.listed <= packing.total:
            packing = _with_listing(export, packing, content)
        else:
            content += end_of_archive(packing.count, packing.offset, packing.size)
            packing = replace(packing, is_ended=True)
    return packing


def _with_piece(export: Export, packing: Packing, content: bytearray) -> Packing:
    """The header of a piece and its bytes, as many as still fit."""
    made = export.record(packing.piece)
    if made.kind == SKIPPED:
        return replace(packing, piece=packing.piece + 1, at=-1)
    entry = Entry(made.name, made.size, made.crc32)
    at = max(packing.at, 0)
    if packing.at < 0:
        content += local_header(entry)
    count = min(PART - len(content), made.size - at)
    if count > 0:
        read = export.read(packing.piece, at, count)
        content += read
        at += len(read)
    if at < made.size:
        return replace(packing, at=at)
    return replace(packing, piece=packing.piece + 1, at=-1, offset=packing.offset + entry.length)


def _with_listing(export: Export, packing: Packing, content: bytearray) -> Packing:
    """The directory's line of a piece."""
    made: FileRecord = export.record(packing.listed)
    if made.kind == SKIPPED:
        return replace(packing, listed=packing.listed + 1)
    entry = Entry(made.name, made.size, made.crc32)
    line = central_header(entry, packing.next_offset)
    content += line
    return replace(
        packing,
        listed=packing.listed + 1,
        next_offset=packing.next_offset + entry.length,
        count=packing.count + 1,
        size=packing.size + len(line),
    )
