"""Files on their way into a room: their items, their places in the bucket, and how long each is kept.

A file is posted to `pending/`, where it stays for a day. A message that is sent with it *copies* it to a
place of its own below `kept/`, and only then refers to it. So a form that is posted once more cannot change
what a message holds, and two sends that fail and succeed over the same upload cannot take it away from each
other: each deletes its own copy at the most.
"""

import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from chat.rules.identifiers import chance_of, uuid7_ms
from chat.rules.models import Message, Stored
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import EXPIRES, expiring
from chat.storage.objects import Objects
from chat.storage.places import Place, in_room, own_upload_place, personal_place
from chat.storage.tables import Tables, Write

FORM_S = 15 * 60
ADDRESS_S = 5 * 60
USABLE_S = 23 * 3_600
"""How long after `createUpload` a message may refer to the file: it is deleted a day after it was posted, at
the earliest."""

PENDING_AVATAR, AVATAR = "pendingAvatar", "avatar"
"""The statuses of a picture of a person or a room: neither is an attachment's, so that no message takes one."""

MOST_ATTACHMENTS = 10
PREPARING = Rate(1 / 6, 20)
"""How fast somebody may prepare uploads, in all rooms together: ten a minute, twenty at once."""
PREPARING_KEPT_S = 3_600
"""How long the state of that rate is kept."""

HELD_FILES = "held/"
"""The folder of files under a legal hold, which no lifecycle empties."""

KEPT_DAYS = (7, 30, 90, 180, 365, 730, 1_826, 3_653, 36_500)
"""For how long objects are kept, each in a folder of its own, which the bucket's lifecycle empties:
`terraform/uploads.tf` says the same. A message's attachments go where they are kept for as long as they are to be,
or a little longer."""


@record(frozen=True, slots=True)
class Uploads:
    """What a deployment takes as attachments, and where they lie. `types` are media types in lower case."""

    objects: Objects
    types: frozenset[str]
    max_bytes: int


@record(frozen=True, slots=True, kw_only=True)
class Upload(Stored):
    """A file that was or may be uploaded: `pending`, or `used` by the message at `message_sk`; or a picture of a person or a
    room, which `PENDING_AVATAR` and `AVATAR` are for. `size` is in bytes, at the most until it is used. `expires_at` is in
    seconds: then nothing may take it any more, or its message is gone; 0 of a picture, which does not expire.
    Under a legal hold that is `held_expires_at` instead, and `kept_key` is where the file lay before."""

    id: str
    sender_id: str
    s3_key: str
    content_type: str
    size: int
    status: str
    expires_at: int = 0
    held_expires_at: int = 0
    name: str | None = None
    message_sk: str = ""
    kept_key: str | None = None

    @property
    def ends_at(self) -> int:
        """`expires_at`, whether a legal hold keeps it or not."""
        return self.expires_at or self.held_expires_at

    def to_wire(self) -> dict[str, str | int | None]:
        """The schema's `Attachment`."""
        return {"id": self.id, "name": self.name, "contentType": self.content_type, "size": self.size}


@record(frozen=True, slots=True, kw_only=True)
class Preparing(Stored):
    """Somebody's rate of preparing uploads; `tat` in µs."""

    tat: int = 0


def is_upload_id(value: object) -> bool:
    return isinstance(value, str) and uuid7_ms(value) is not None


def upload_place(room: Room, upload_id: str) -> Place:
    return in_room(room, keys.upload(upload_id))


def preparing_place(user_id: str) -> Place:
    """Where somebody's rate of preparing uploads lies: in the core table for guilds' rooms, too."""
    return personal_place(user_id, keys.UPLOADING)


def pending_key(upload_id: str) -> str:
    return f"pending/{upload_id}"


def kept_key(upload_id: str, message_id: str, retention_days: int, *, held: bool = False) -> str:
    """Where a send keeps its own copy, under a legal hold or not: no two sends share one."""
    name = f"{upload_id}{chance_of(message_id)}"
    return f"{HELD_FILES}{name}" if held else kept_for(name, retention_days)


def kept_for(name: str, days: int) -> str:
    """Where a file is kept for so many days, or a little longer. The longest-kept folder is for whatever is kept longer."""
    return f"kept/{next((each for each in KEPT_DAYS if each >= days), KEPT_DAYS[-1])}/{name}"


def avatar_key(owner: str, upload_id: str) -> str:
    """Where the picture of a person or a room is kept: in the folder of their id or partition key, which is not told."""
    return f"avatars/{hashlib.sha256(owner.encode()).hexdigest()[:32]}/{upload_id}"


def keys_of(upload: Upload) -> list[str]:
    """Every object that belongs to an upload."""
    return [upload.s3_key, pending_key(upload.id)]


def upload_write(room: Room | None, upload: Upload) -> Write:
    """A new upload; without a room, a picture of the person who uploads it."""
    place = own_upload_place(upload.sender_id, upload.id) if room is None else upload_place(room, upload.id)
    item = {
        **({"type": "Picture"} if room is None else {"type": "Upload"}),
        "id": upload.id,
        "senderId": upload.sender_id,
        "s3Key": upload.s3_key,
        "contentType": upload.content_type,
        "size": upload.size,
        "status": upload.status,
        "expiresAt": upload.expires_at,
    } | ({} if upload.name is None else {"name": upload.name})
    return Write(place, condition="attribute_not_exists(PK)", set=item, whole=True)


def charge_upload(user_id: str, rate: Preparing | None, now: int) -> Write:
    """Take one upload from somebody's rate, if that is as it was read. `now` is in milliseconds."""
    tat = PREPARING.taken(rate.tat if rate else 0, now * 1_000)
    return Write(
        preparing_place(user_id),
        condition="#tat = :tat" if rate else "attribute_not_exists(PK)",
        given={":tat": rate.tat} if rate else {},
        set={"type": "Preparing", "tat": tat, "expiresAt": tat // 1_000_000 + PREPARING_KEPT_S},
    )


def use_write(
    room: Room, upload: Upload, message_sk: str, expires_at: int, now_s: int, *, held: bool = False
) -> Write:
    """Give a pending upload to a message: `upload` as it is kept from now on, under a legal hold or not. Instants are in
    seconds."""
    return Write(
        upload_place(room, upload.id),
        condition="#status = :pending AND #senderId = :sender AND #expiresAt >= :now",
        given={":pending": "pending", ":sender": upload.sender_id, ":now": now_s},
        set={
            "status": "used",
            "messageSk": message_sk,
            "s3Key": upload.s3_key,
            "size": upload.size,
            **expiring(expires_at, held=held),
        },
        remove=(EXPIRES,) if held else (),
    )


def used_avatar(place: Place, upload: Upload) -> Write:
    """A picture as it is kept, at its place; `upload` names where its file is."""
    item = {
        **({"type": "Avatar"} if place.sort_key == keys.OWNER else {"type": "Upload"}),
        "id": upload.id,
        "senderId": upload.sender_id,
        "s3Key": upload.s3_key,
        "contentType": upload.content_type,
        "size": upload.size,
        "status": AVATAR,
    }
    return Write(place, set=item, whole=True)


def delete_writes(room: Room, uploads: Iterable[Upload]) -> list[Write]:
    """Take uploads away with the message that they belong to."""
    return [Write(upload_place(room, upload.id), delete=True) for upload in uploads]


def hide_writes(room: Room, uploads: Iterable[Upload], now_s: int) -> list[Write]:
    """Uploads of a message that is removed under a legal hold: gone for readers, and kept."""
    gone = expiring(now_s - 1, held=True)
    return [Write(upload_place(room, each.id), set=gone, remove=(EXPIRES,)) for each in uploads]


def held_key(upload: Upload) -> str:
    """Where a file lies under a legal hold: no lifecycle ends it there."""
    return f"{HELD_FILES}{upload.s3_key.rsplit('/', 1)[-1]}"


def uploads_of(tables: Tables, room: Room, message: Message) -> list[Upload]:
    """The uploads that a message refers to, consistent: no request if there are none."""
    ids = [each["id"] for each in message.to_wire()["attachments"] or ()]
    found = tables.batch([upload_place(room, upload_id) for upload_id in ids], consistent=True)
    return [Upload.of(item) for item in found.values()]


def files_of(message: Message, uploads: Iterable[Upload]) -> list[str]:
    """Every object that belongs to a message, with those of its uploads that are there. The others have ended before it: what
    the lifecycle has not deleted yet of their files lies in one of the folders."""
    there = {upload.id: keys_of(upload) for upload in uploads}
    name_end = chance_of(message.id)
    return [
        name
        for each in message.to_wire()["attachments"] or ()
        for name in there.get(each["id"], [f"kept/{days}/{each['id']}{name_end}" for days in KEPT_DAYS])
    ]


def disposition(upload: Upload) -> str:
    """How a browser is to treat the file: images are shown, all else is saved and never run. The name as RFC
    8187 writes it."""
    kind = "inline" if upload.content_type.startswith("image/") else "attachment"
    return kind if upload.name is None else f"{kind}; filename*=UTF-8''{quote(upload.name, safe='')}"
