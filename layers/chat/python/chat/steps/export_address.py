"""Where the archive of an export can be fetched."""

from chat.deployment import Deployment
from chat.rules.data_requests import DataRequest
from chat.storage.export_objects import ADDRESS_S, archive_key


def export_address(deployment: Deployment, request: DataRequest) -> str | None:
    """An address at which whoever has it can GET the archive for an hour; `None` for anything but an export that is done,
    and once the bucket's lifecycle has its turn. No request."""
    if request.kind != "EXPORT" or request.state != "DONE":
        return None
    uploads = deployment.uploads()
    if uploads is None or deployment.now() >= int(request.counted().get("endsAt", 0)):
        return None
    return uploads.objects.address(
        archive_key(request.request_id),
        content_type="application/zip",
        disposition='attachment; filename="chat-export.zip"',
        seconds=ADDRESS_S,
    )
