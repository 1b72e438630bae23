"""Pieces of an export that are copies of uploaded files. S3 copies them; only their checksums are made here."""

import hashlib
import zlib

from chat.rules.export_files import FileRecord, attachment_name, skipped
from chat.steps.export_context import Export
from chat.storage.export_objects import copy_piece
from chat.storage.objects import MOST_READ


def copied(export: Export, number: int, key: str, upload_id: str, kind: str, following: str) -> FileRecord:
    """A copy of the object under `key`; a piece that is in no archive where there is none any more."""
    found = export.retried(lambda: export.objects.find(key))
    if found is None:
        return export.put(number, skipped(following))
    whole, crc32 = hashlib.sha256(), 0
    for start in range(0, found.size, MOST_READ):
        chunk = _chunk(export, key, start)
        whole.update(chunk)
        crc32 = zlib.crc32(chunk, crc32)
    made = FileRecord(
        name=attachment_name(upload_id, found.content_type),
        kind=kind,
        size=found.size,
        sha256=whole.hexdigest(),
        crc32=crc32,
        following=following,
    )
    request_id = export.request.request_id
    return export.retried(
        lambda: copy_piece(export.objects, request_id, number, key, found.etag, made, found.content_type)
    )


def _chunk(export: Export, key: str, start: int) -> bytes:
    return export.retried(lambda: export.objects.read(key, start, MOST_READ))
