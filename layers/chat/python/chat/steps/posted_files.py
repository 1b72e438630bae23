"""A file as it was posted, judged before a message or a profile refers to it."""

from chat.rules.errors import InvalidInput
from chat.rules.file_types import BEGINNING, is_of_type
from chat.rules.record import record
from chat.storage.objects import Objects, StoredObject
from chat.storage.uploads import Upload, pending_key


@record(frozen=True, slots=True)
class Refusals:
    """The sentences of a file that is not there yet, or is not what it was called, and the argument that names it."""

    not_finished: str
    mismatch: str
    argument: str


def posted_file(objects: Objects, upload: Upload, refusals: Refusals) -> StoredObject:
    """What lies where `upload` was posted to. One request, for its first bytes. Raises `InvalidInput` where that is no file of
    the size and the type that were named."""
    found = objects.beginning(pending_key(upload.id), BEGINNING)
    is_whole = found and 1 <= found.size <= upload.size and found.content_type == upload.content_type
    if found is None or not is_whole:
        raise InvalidInput(refusals.not_finished, argument=refusals.argument)
    if not is_of_type(upload.content_type, found.first):
        raise InvalidInput(refusals.mismatch, argument=refusals.argument)
    return found
