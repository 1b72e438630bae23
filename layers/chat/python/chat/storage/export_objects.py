"""Where the pieces of an export lie in the bucket, and its archive.

Each piece is an object that is written once: a note beside it says what it is and where the next piece goes on. So of two
runners at the same piece the first one decides, and whoever does it again finds it done.
"""

from chat.rules.export_files import ExportFile, FileRecord
from chat.storage.objects import Objects

PREFIX = "exports/"
KEPT_DAYS = 7
"""After so many days the bucket's lifecycle deletes an export: `terraform/uploads.tf` says the same."""
ADDRESS_S = 3_600


def piece_key(request_id: str, number: int) -> str:
    return f"{PREFIX}{request_id}/{number:07d}"


def carried_key(request_id: str, number: int) -> str:
    """Where what is less than a part of the archive waits for more."""
    return f"{PREFIX}{request_id}/carried-{number:07d}"


def archive_key(request_id: str) -> str:
    return f"{PREFIX}{request_id}/archive.zip"


def keys_of(request_id: str, pieces: int) -> list[str]:
    """Under which keys an export of so many pieces may have objects: less waits for the archive than there are pieces."""
    numbers = range(1, pieces + 1)
    return [
        archive_key(request_id),
        *(piece_key(request_id, each) for each in numbers),
        *(carried_key(request_id, each) for each in numbers),
    ]


def record_at(objects: Objects, request_id: str, number: int) -> FileRecord | None:
    """What a piece is, if it is written. Raises `StoreFailure`."""
    note = objects.note(piece_key(request_id, number))
    return None if note is None else FileRecord.of_note(note)


def write_piece(objects: Objects, request_id: str, number: int, file: ExportFile) -> FileRecord:
    """Write a piece; what it is then, where another runner was faster. Raises `StoreFailure`."""
    key = piece_key(request_id, number)
    if objects.put_new(key, file.content, file.content_type, file.record.to_note()):
        return file.record
    return record_at(objects, request_id, number) or file.record


def copy_piece(
    objects: Objects,
    request_id: str,
    number: int,
    source: str,
    etag: str,
    file: FileRecord,
    content_type: str,
) -> FileRecord:
    """Make a piece of an object of the bucket, without it going through here. Raises `StoreFailure`."""
    objects.copy_noted(source, piece_key(request_id, number), etag, content_type, file.to_note())
    return file
