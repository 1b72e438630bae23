"""Prepare an upload: a form to post a file with, which a message may then refer to, or a person or a room as their picture."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import Access, RoomAccess, View, check_writable, enter_room, open_room
from chat.rules.arguments import is_whole
from chat.rules.avatars import AVATAR_TYPES, MAX_AVATAR_BYTES
from chat.rules.errors import InvalidInput, NotAllowed, RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.rate import to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.text import clean_line
from chat.steps.retry import until_committed
from chat.storage.places import head_place, membership_place, own_upload_place
from chat.storage.uploads import (
    FORM_S,
    PENDING_AVATAR,
    PREPARING,
    USABLE_S,
    Preparing,
    Upload,
    charge_upload,
    pending_key,
    preparing_place,
    upload_place,
    upload_write,
)

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutText

MAX_NAME = 200


def create_upload(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Upload` for the file that `arguments` (`roomId`, `contentType`, `size`, `name`, `purpose`) describe.

    Raises `InvalidInput`, `NotAllowed` (also where there are no attachments), `NotRoomMember`, `Muted`,
    `RateLimited`, `ServiceUnavailable`, and what a rule of the deployment's own says.
    """
    is_picture, uploads = _is_picture(arguments), deployment.uploads()
    room = None if is_picture and arguments.get("roomId") is None else Room.parse(arguments.get("roomId"))
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    if is_picture:
        upload = _checked(deployment, caller, arguments, uploads.types & AVATAR_TYPES, MAX_AVATAR_BYTES)
        upload = replace(upload, status=PENDING_AVATAR)
    else:
        upload = _checked(deployment, caller, arguments, uploads.types, uploads.max_bytes)
        upload = replace(upload, name=_name(arguments.get("name")))
    hook = deployment.before_text(tally)
    until_committed(deployment, tally, lambda: _prepare(deployment, caller, room, upload, hook))
    form = uploads.objects.form(upload.s3_key, upload.content_type, max_bytes=upload.size, seconds=FORM_S)
    return {
        "id": upload.id,
        "url": form.url,
        "fields": [{"name": name, "value": value} for name, value in form.fields.items()],
        "expiresAt": to_wire(deployment.now() + FORM_S * 1_000),
    }


def _is_picture(arguments: Mapping[str, Any]) -> bool:
    purpose = arguments.get("purpose")
    if purpose not in (None, "ATTACHMENT", "AVATAR"):
        raise InvalidInput("room.choice", argument="purpose")
    return bool(purpose == "AVATAR")


def _checked(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], types: Collection[str], most: int
) -> Upload:
    """The upload that `arguments` describe, of one of `types` and of up to `most` bytes. Raises `InvalidInput`; reads
    nothing."""
    content_type, size = arguments.get("contentType"), arguments.get("size")
    if not isinstance(content_type, str) or content_type.lower() not in types:
        raise InvalidInput("upload.contentType", argument="contentType")
    if not is_whole(size, 1, most):
        raise InvalidInput("upload.size", argument="size", max=most)
    now = deployment.now()
    upload_id = deployment.new_id(now)
    return Upload(
        id=upload_id,
        sender_id=caller.user_id,
        s3_key=pending_key(upload_id),
        content_type=content_type.lower(),
        size=size,
        status="pending",
        expires_at=now // 1_000 + USABLE_S,
    )


def _name(value: object) -> str | None:
    """An attachment's name. Raises `InvalidInput`."""
    if value is None:
        return None
    name = clean_line(value, MAX_NAME)
    if name is None:
        raise InvalidInput("upload.name", argument="name", max=MAX_NAME)
    return name


def _prepare(
    deployment: Deployment, caller: Caller, room: Room | None, upload: Upload, hook: "AskAboutText | None"
) -> bool:
    """Look, judge, and store the upload; a success, too, where an earlier attempt has. `room` is `None` for a picture of the
    caller. Raises the refusal."""
    own = own_upload_place(caller.user_id, upload.id) if room is None else upload_place(room, upload.id)
    at_door = [] if room is None else [head_place(room), membership_place(room, caller.user_id)]
    preparing = preparing_place(caller.user_id)
    found = deployment.store.tables.batch([*at_door, own, preparing], consistent=True)
    now, seen = deployment.now(), Preparing.found(found.get(preparing))
    access = _judged(caller, View.of(*map(found.get, at_door)), upload, now) if at_door else None
    if own in found:
        return True
    if seen and (wait := PREPARING.wait(seen.tat, now * 1_000)):
        raise RateLimited(to_ms(wait), "person")
    if hook and upload.name is not None:
        clean = partial(clean_line, max_code_points=MAX_NAME)
        upload = replace(upload, name=hook("file_name", upload.name, clean, room, access, caller))
    deployment.store.tables.transact([upload_write(room, upload), charge_upload(caller.user_id, seen, now)])
    return True


def _judged(caller: Caller, view: View, upload: Upload, now: int) -> Access | RoomAccess:
    """The room, for whoever may give it such a file: a picture, or one to be sent. Raises the refusal."""
    if upload.status == PENDING_AVATAR:
        return enter_room(view, caller, "updateRoom")
    access = open_room(view, "send")
    check_writable(access, now)
    return access
