"""The job that exports what is stored of a person: pieces that are written one after the other, an archive of them, and the
end of the request.

Each piece is a file (`chat/rules/export_files.py`), in an object that is written once and whose note says where the next one
goes on. So a piece that was interrupted, or that two runners are at, comes to one object and one way on, whatever people
write meanwhile; and nothing is in memory but the piece.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from chat.deployment import Deployment
from chat.rules.export_files import FileRecord
from chat.rules.models import DAY_MS
from chat.steps.data_requests import EXPORT, done_writes, progress_write
from chat.steps.export_archive import archive
from chat.steps.export_context import Export, open_export
from chat.steps.export_items import items, picture
from chat.steps.export_messages import attachment, messages, page
from chat.steps.export_summary import index, manifest, schema_file, sealed, signature
from chat.steps.jobs import Step
from chat.steps.retry import retried
from chat.storage.export_objects import KEPT_DAYS, archive_key, record_at
from chat.storage.tables import Write

KIND = EXPORT

_MAKERS: Mapping[str, Callable[..., FileRecord]] = {
    "items": items,
    "messages": messages,
    "page": page,
    "attachment": attachment,
    "picture": picture,
    "schema": schema_file,
    "index": index,
    "manifest": manifest,
    "sealed": sealed,
    "signature": signature,
}
"""What makes the pieces. A position names one, and says where it goes on: `12 ["messages","core","SENT#…",3]`."""
_FIRST = '["items",0,0,null,1]'


def write(deployment: Deployment, subject: str, position: str | None) -> str | None:
    """One more piece."""
    number, _, at = (position or f"1 {_FIRST}").partition(" ")
    export = open_export(deployment, subject, int(number))
    if export is None:
        return None
    made = _piece(export, int(number), at)
    if made.following is not None:
        return f"{int(number) + 1} {made.following}"
    if (receipt := {"pieces": int(number)}) != export.request.counted():
        _transact(deployment, [progress_write(export.request, receipt)])
    return None


def _piece(export: Export, number: int, at: str) -> FileRecord:
    """The piece with this number, made unless it is there."""
    found = export.retried(lambda: record_at(export.objects, export.request.request_id, number))
    if found is not None:
        return found
    name, *rest = json.loads(at)
    return _MAKERS[name](export, number, *rest)


def finish(deployment: Deployment, subject: str, _: str | None) -> None:
    """The request is done, and says what it has come to."""
    export = open_export(deployment, subject)
    if export is None:
        return
    request, now = export.request, deployment.now()
    pieces = int(request.counted()["pieces"])
    document = json.loads(export.read_whole(pieces - 1))
    found = export.retried(lambda: export.objects.find(archive_key(request.request_id)))
    receipt: Mapping[str, object] = {
        "pieces": pieces,
        "counts": document["counts"],
        "manifest": export.record(pieces - 1).sha256,
        "publicKey": document["publicKey"],
        "bytes": found.size if found else 0,
        "endsAt": now + KEPT_DAYS * DAY_MS,
    }
    _transact(deployment, done_writes(deployment, request, receipt, now))


def _transact(deployment: Deployment, writes: Sequence[Write]) -> None:
    retried(deployment, lambda: deployment.store.tables.transact(writes))


STEPS: Mapping[str, Step] = {"write": write, "archive": archive, "finish": finish}
