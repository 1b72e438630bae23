"""A short-lived address of an attachment."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, View, enter_room
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.retention import files_readable_since
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import head_place, in_room, membership_place
from chat.storage.uploads import ADDRESS_S, Upload, disposition, is_upload_id, upload_place


def attachment(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `AttachmentUrl` for the attachment that `arguments` (`roomId`, `id`) name.

    Raises `InvalidInput` (also for one that has expired, or whose message is gone), `NotAllowed` (also where there are no
    attachments), `NotRoomMember` and `ServiceUnavailable`.
    """
    room, upload_id, uploads = Room.parse(arguments.get("roomId")), arguments.get("id"), deployment.uploads()
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    if not (isinstance(upload_id, str) and is_upload_id(upload_id)):
        raise _gone()
    places = (
        head_place(room),
        membership_place(room, caller.user_id),
        upload_place(room, upload_id),
    )
    with tally.timing("StoreMs"):
        found = retried(deployment, lambda: deployment.store.tables.batch(places, consistent=True))
    head, member, stored = (found.get(each) for each in places)
    entry = enter_room(View.of(head, member), caller, "read")
    upload, now = Upload.found(stored), deployment.now()
    floor = keys.message_floor(
        files_readable_since(entry.head, deployment.defaults, deployment.file_days, now)
    )
    if upload is None or upload.ends_at * 1_000 < now or upload.message_sk < floor:
        raise _gone()
    if not _is_visible(deployment, room, entry, upload):
        raise _gone()
    url = uploads.objects.address(
        upload.s3_key,
        content_type=upload.content_type,
        disposition=disposition(upload),
        seconds=ADDRESS_S,
    )
    return {**upload.to_wire(), "url": url, "expiresAt": to_wire(now + ADDRESS_S * 1_000)}


def _is_visible(deployment: Deployment, room: Room, entry: RoomAccess, upload: Upload) -> bool:
    """Whether the caller may see the message with this attachment. That is asked for only where the history is
    visible from joining: one read unit or two."""
    first = first_visible_to(entry)
    if first == 1:
        return True
    place = in_room(room, upload.message_sk)
    item = retried(deployment, lambda: deployment.store.tables.batch([place], consistent=True)).get(place)
    return item is not None and int(item.get("seq", {"N": "0"})["N"]) >= first


def _gone() -> InvalidInput:
    return InvalidInput("upload.gone", argument="id")
