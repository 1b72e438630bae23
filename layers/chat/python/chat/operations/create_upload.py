"""Prepare an upload: a form to post a file with, which a message may then refer to."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import View, check_writable, open_room
from chat.rules.arguments import is_whole
from chat.rules.errors import InvalidInput, NotAllowed, RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.rate import to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.text import clean_line
from chat.steps.retry import until_committed
from chat.storage.places import head_place, membership_place
from chat.storage.uploads import (
    FORM_S,
    PREPARING,
    USABLE_S,
    Preparing,
    Upload,
    Uploads,
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
    """The schema's `Upload` for the file that `arguments` (`roomId`, `contentType`, `size`, `name`) describe.

    Raises `InvalidInput`, `NotAllowed` (also where there are no attachments), `NotRoomMember`, `Muted`,
    `RateLimited`, `ServiceUnavailable`, and what a rule of the deployment's own says.
    """
    room, uploads = Room.parse(arguments.get("roomId")), deployment.uploads()
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    upload = _check(deployment, uploads, caller, arguments)
    hook = deployment.before_text(tally)
    until_committed(deployment, tally, lambda: _prepare(deployment, caller, room, upload, hook))
    form = uploads.objects.form(upload.s3_key, upload.content_type, max_bytes=upload.size, seconds=FORM_S)
    return {
        "id": upload.id,
        "url": form.url,
        "fields": [{"name": name, "value": value} for name, value in form.fields.items()],
        "expiresAt": to_wire(deployment.now() + FORM_S * 1_000),
    }


def _check(deployment: Deployment, uploads: Uploads, caller: Caller, arguments: Mapping[str, Any]) -> Upload:
    """The upload that `arguments` describe. Raises `InvalidInput`; reads nothing."""
    content_type, size = arguments.get("contentType"), arguments.get("size")
    if not isinstance(content_type, str) or content_type.lower() not in uploads.types:
        raise InvalidInput("upload.contentType", argument="contentType")
    if not is_whole(size, 1, uploads.max_bytes):
        raise InvalidInput("upload.size", argument="size", max=uploads.max_bytes)
    name = None
    if arguments.get("name") is not None and (name := clean_line(arguments["name"], MAX_NAME)) is None:
        raise InvalidInput("upload.name", argument="name", max=MAX_NAME)
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
        name=name,
    )


def _prepare(
    deployment: Deployment, caller: Caller, room: Room, upload: Upload, hook: "AskAboutText | None"
) -> bool:
    """Look, judge, and store the upload; a success, too, where an earlier attempt has. Raises the refusal."""
    own = head_place(room), membership_place(room, upload.sender_id)
    places = (*own, upload_place(room, upload.id), preparing_place(upload.sender_id))
    found = deployment.store.tables.batch(places, consistent=True)
    head, member, stored, rate = (found.get(each) for each in places)
    access = open_room(View.of(head, member), "send")
    if stored:
        return True
    now, seen = deployment.now(), Preparing.found(rate)
    check_writable(access, now)
    if seen and (wait := PREPARING.wait(seen.tat, now * 1_000)):
        raise RateLimited(to_ms(wait), "person")
    if hook and upload.name is not None:
        clean = partial(clean_line, max_code_points=MAX_NAME)
        upload = replace(upload, name=hook("file_name", upload.name, clean, room, access, caller))
    deployment.store.tables.transact([upload_write(room, upload), charge_upload(upload.sender_id, seen, now)])
    return True
