"""A short-lived address of an uploaded picture of a person or a room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.errors import InvalidInput
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Item, Member
from chat.rules.people import was_there
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.avatars import uploads_of
from chat.steps.batches import found_at
from chat.steps.retry import deadline_of
from chat.storage.places import avatar_place, head_place, membership_place
from chat.storage.uploads import ADDRESS_S, Upload, disposition, is_upload_id, upload_place


def avatar(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `AttachmentUrl` for the picture that `arguments` (`roomId`, `id`) name: the room's, which everybody may
    see who may see the room's name, or that of a person who is or was in it.

    One request, and one more for a person's. Raises `InvalidInput` (also for one that is not theirs any more), `NotAllowed`
    (also where there are no uploads), `NotRoomMember` and `ServiceUnavailable`.
    """
    room, avatar_id, uploads = (
        Room.parse(arguments.get("roomId")),
        arguments.get("id"),
        uploads_of(deployment),
    )
    if not (isinstance(avatar_id, str) and is_upload_id(avatar_id)):
        raise _gone()
    head, mine = head_place(room), membership_place(room, caller.user_id)
    rooms, persons, deadline = upload_place(room, avatar_id), avatar_place(avatar_id), deadline_of(deployment)
    with tally.timing("StoreMs"):
        found = found_at(deployment, [head, mine, rooms, persons], deadline, consistent=False)
        view = View.of(found.get(head), found.get(mine))
        entry = enter_room(view, caller, "look")
        if entry.head.avatar_id == avatar_id:
            upload = Upload.found(found.get(rooms))
        else:
            enter_room(view, caller, "read")
            upload = _persons(deployment, room, found.get(persons), deadline)
    if upload is None:
        raise _gone()
    url = uploads.objects.address(
        upload.s3_key,
        content_type=upload.content_type,
        disposition=disposition(upload),
        seconds=ADDRESS_S,
    )
    return {**upload.to_wire(), "url": url, "expiresAt": to_wire(deployment.now() + ADDRESS_S * 1_000)}


def _persons(deployment: Deployment, room: Room, item: Item | None, deadline: float) -> Upload | None:
    """The picture of somebody who is or was in the room. Its item goes with it, so that it is theirs now."""
    upload = Upload.found(item)
    if upload is None:
        return None
    place = membership_place(room, upload.sender_id)
    found = found_at(deployment, [place], deadline, consistent=False)
    return upload if was_there(Member.found(found.get(place))) else None


def _gone() -> InvalidInput:
    return InvalidInput("avatar.gone", argument="id")
