"""Uploaded pictures of people and rooms: taken from where they were posted to, given to their owner, and deleted once
another takes their place.

A picture is *copied* before the commit that refers to it, as a message's file is, to a place that its owner's name and its
id decide: of calls that fail and succeed over the same upload each writes the same object. Whatever lies below an owner's
folder and is not their picture was left by a process that ended in between. The file of a picture that is replaced is
deleted by a job, which the same commit sets up: none stays because a call ended after its commit.
"""

from collections.abc import Mapping
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.steps.file_removal import removal_write
from chat.steps.posted_files import Refusals, posted_file
from chat.steps.retry import retried
from chat.storage.places import Place, avatar_place, own_upload_place
from chat.storage.tables import Write
from chat.storage.uploads import (
    PENDING_AVATAR,
    Upload,
    Uploads,
    avatar_key,
    pending_key,
    upload_place,
    used_avatar,
)

REFUSALS = Refusals("avatar.notFinished", "avatar.mismatch", "avatarId")


def uploads_of(deployment: Deployment) -> Uploads:
    """What this deployment takes as files. Raises `NotAllowed` where it takes none."""
    uploads = deployment.uploads()
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    return uploads


def person_avatar_writes(
    deployment: Deployment, user_id: str, before: str | None, after: str | None, found: Item | None
) -> list[Write]:
    """Give somebody the picture `after`, whose upload is `found` in their own partition, in place of the picture `before`;
    `None` is none. The first copies its file. Raises `InvalidInput`, `NotAllowed`, `StoreFailure`."""
    writes = []
    if after is not None:
        upload = _copied(deployment, user_id, user_id, found)
        place = own_upload_place(user_id, upload.id)
        writes += [_taken(place, upload), used_avatar(avatar_place(upload.id), upload)]
    if before is not None:
        key = avatar_key(user_id, before)
        writes += [Write(avatar_place(before), delete=True), removal_write(deployment, "core", key)]
    return writes


def room_avatar_writes(
    deployment: Deployment, room: Room, user_id: str, before: str | None, after: str | None
) -> list[Write]:
    """The same for a room, whose picture `user_id` has uploaded. One request more for the upload. Raises as above."""
    writes = []
    if after is not None:
        place = upload_place(room, after)
        found = retried(deployment, lambda: deployment.store.tables.get(place))
        upload = _copied(deployment, room.partition_key, user_id, found)
        writes.append(replace(used_avatar(place, upload), condition=_AS_POSTED, given=_pending(upload)))
    if before is not None:
        key = avatar_key(room.partition_key, before)
        writes += [Write(upload_place(room, before), delete=True), removal_write(deployment, room.table, key)]
    return writes


_AS_POSTED = "#status = :pending AND #senderId = :sender"


def _pending(upload: Upload) -> Mapping[str, str]:
    return {":pending": PENDING_AVATAR, ":sender": upload.sender_id}


def _taken(place: Place, upload: Upload) -> Write:
    return Write(place, condition=_AS_POSTED, given=_pending(upload), delete=True)


def _copied(deployment: Deployment, owner: str, user_id: str, found: Item | None) -> Upload:
    """The upload as it is kept, its file copied to where `owner` has theirs. Raises `InvalidInput` for one that is not this
    person's, whose file is not there, or is no picture of its type."""
    uploads, upload = uploads_of(deployment), Upload.found(found)
    now_s = deployment.now() // 1_000
    if upload is None or upload.sender_id != user_id or upload.status != PENDING_AVATAR:
        raise InvalidInput("avatar.unknown", argument="avatarId")
    if upload.expires_at < now_s:
        raise InvalidInput("avatar.unknown", argument="avatarId")
    target, stored = avatar_key(owner, upload.id), posted_file(uploads.objects, upload, REFUSALS)
    uploads.objects.copy(pending_key(upload.id), target, stored.etag)
    return replace(upload, s3_key=target, size=stored.size)
