"""What every piece of an export needs: the request, the bucket, and pieces that are written already."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from chat.deployment import Deployment
from chat.rules.data_requests import DataRequest
from chat.rules.errors import ServiceUnavailable
from chat.rules.export_files import ExportFile, FileRecord
from chat.rules.models import DAY_MS
from chat.rules.record import record
from chat.steps.data_requests import read_request, refused_writes
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.aws import StoreFailure
from chat.storage.export_objects import KEPT_DAYS, keys_of, piece_key, record_at, write_piece
from chat.storage.objects import MOST_READ, Objects

Answer = TypeVar("Answer")

NO_BUCKET, EXPIRED = "attachmentsOff", "exportExpired"
"""Why an export is refused: the deployment keeps no files; or something has been missing (the bucket, its key, `EXPORT_KEY`)
until the first pieces are about to be deleted, without which the archive would not be whole."""
_DELETED_AT_ONCE = 1_000
MOST_MS = (KEPT_DAYS - 1) * DAY_MS


@record(frozen=True, slots=True)
class Export:
    """An export that is underway."""

    deployment: Deployment
    request: DataRequest

    @property
    def objects(self) -> Objects:
        """Raises `StoreFailure` where there is no bucket any more."""
        uploads = self.deployment.uploads()
        if uploads is None:
            raise StoreFailure("NoBucket")
        return uploads.objects

    @property
    def partition_key(self) -> str:
        """The person's."""
        return keys.user_partition(self.request.user_id)

    @property
    def begun_s(self) -> int:
        """When it began, in seconds. What had expired then is in no piece of it."""
        return self.request.begun_at // 1_000

    def retried(self, call: Callable[[], Answer]) -> Answer:
        return retried(self.deployment, call)

    def record(self, number: int) -> FileRecord:
        """A piece that is written. Raises `StoreFailure` where it is there no more."""
        found = self.retried(lambda: record_at(self.objects, self.request.request_id, number))
        if found is None:
            raise StoreFailure("PieceGone")
        return found

    def read(self, number: int, start: int, count: int) -> bytes:
        """Bytes of a piece."""
        key = piece_key(self.request.request_id, number)
        return self.retried(lambda: self.objects.read(key, start, count))

    def read_whole(self, number: int) -> bytes:
        """A piece of lines, of a few MiB at the most."""
        size = self.record(number).size
        return b"".join(self.read(number, start, MOST_READ) for start in range(0, size, MOST_READ))

    def put(self, number: int, file: ExportFile) -> FileRecord:
        """Write a piece; what it is then."""
        return self.retried(lambda: write_piece(self.objects, self.request.request_id, number, file))


def open_export(deployment: Deployment, subject: str, pieces: int = 0) -> Export | None:
    """The export of a job; `None` where its request is not being carried out any more. One that cannot be done is refused, and
    what there is of it in the bucket deleted: so many `pieces`, where the request does not say how many."""
    user_id, request_id = keys.person_request_parts(subject)
    request = read_request(deployment, user_id, request_id)
    if request is None or request.state != "RUNNING":
        return None
    if (reason := _obstacle(deployment, request)) is None:
        return Export(deployment, request)
    writes = refused_writes(request, reason, deployment.now())
    retried(deployment, lambda: deployment.store.tables.transact(writes))
    _delete(deployment, request_id, int(request.counted().get("pieces", pieces)))
    return None


def _delete(deployment: Deployment, request_id: str, pieces: int) -> None:
    """After the refusal, which is not to wait for a bucket that is gone. What this leaves, its lifecycle deletes."""
    uploads = deployment.uploads()
    if uploads is None:
        return
    objects = uploads.objects
    with suppress(StoreFailure, ServiceUnavailable):
        delete_export(deployment, objects, request_id, pieces)


def _obstacle(deployment: Deployment, request: DataRequest) -> str | None:
    if deployment.uploads() is None:
        return NO_BUCKET
    return EXPIRED if deployment.now() >= request.begun_at + MOST_MS else None


def delete_export(deployment: Deployment, objects: Objects, request_id: str, pieces: int) -> None:
    """Delete an export of so many pieces, and its archive. Raises `StoreFailure` and `ServiceUnavailable`."""
    names = keys_of(request_id, pieces)
    for first in range(0, len(names), _DELETED_AT_ONCE):
        retried(deployment, partial(objects.delete, names[first : first + _DELETED_AT_ONCE]))
