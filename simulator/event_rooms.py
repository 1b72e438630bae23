"""The rooms of `events/`, in tables of their own: what `make run` serves is not changed by any file of that
folder.

An event that names one of these rooms, or that `PERSON` has sent, runs on `EVENT_TABLES` and `EVENT_BUCKET`;
every other event, a developer's own among them, runs on what `make run` serves. So the files that only read
name the demo rooms, and the files that write name rooms of this module.

Each file has the outcome that `events/README.md` tells, in whatever order and however often files are run:
before a function that writes gets its event, the rooms that the event names are made as they are below. What
it wrote stays until the next such event, and can be read. Of rooms that are `kept`, where repeating an event
does no harm, it stays for good: what was sent to them by one event is read by the next.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from chat.deployment import Deployment
from chat.operations.ban_member import ban_member
from chat.operations.send_message import send_message
from chat.rules.identifiers import uuid7_ms
from chat.rules.models import Caller, Head, Role
from chat.rules.rooms import GUILD_PREFIX, Room, is_user_id
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from chat.storage import keys
from chat.storage.aws import client
from chat.storage.objects import Objects
from chat.storage.places import head_place
from chat.storage.store import Store
from chat.storage.tables import Write
from chat.storage.uploads import (
    Upload,
    Uploads,
    avatar_key,
    pending_key,
    upload_place,
    upload_write,
    used_avatar,
)
from simulator.demo import FAST, create_tables, make_bucket
from simulator.settings import EVENT_BUCKET, EVENT_TABLES, REGION

PERSON = "events-alice"
"""Who sends the events that name no room and write nevertheless. Whatever they had is forgotten before."""

FILE = b"\x89PNG\r\n\x1a\n"
IN_2100 = 4_102_444_800
LASTING = {**FAST, "retentionDays": 36_500}


@dataclass(frozen=True, slots=True)
class First:
    """A message of alice's that is in a room from its beginning. `id`: one that event files name, which holds
    the instant at which it was sent. `upload`: the id of its attachment."""

    text: str
    client_message_id: str
    id: str | None = None
    upload: str | None = None


@dataclass(frozen=True, slots=True)
class EventRoom:
    """How a room is before an event; without `members` there is none. `banned` and `uploads` (prepared by
    alice, and not sent yet) may be empty, as may `picture` (the id of the room's)."""

    members: Mapping[str, Role] = field(default_factory=dict)
    settings: Mapping[str, str | int] = field(default_factory=lambda: LASTING)
    messages: Sequence[First] = ()
    uploads: Sequence[str] = ()
    picture: str = ""
    banned: str = ""
    is_kept: bool = False


TWO: Mapping[str, Role] = {"alice": "owner", "bob": "member"}
EDITED = First("Good morning.", "event-0", id="01890a5d-ac96-774b-bcce-b302099a8057")
ROOMS: Mapping[str, EventRoom] = {
    "events-lobby": EventRoom(
        TWO,
        messages=(
            First("The first message.", "event-0"),
            First("A cat.", "event-00", upload="0199a1b2-c3d4-7000-8000-000000000002"),
        ),
        uploads=("0199a1b2-c3d4-7000-8000-000000000001",),
        is_kept=True,
    ),
    "GUILD#events-dragons": EventRoom(
        {"alice": "owner", "carol": "member"},
        messages=(First("Hear, hear.", "event-0"),),
        uploads=("0199a1b2-c3d4-7000-8000-000000000003",),
        is_kept=True,
    ),
    "events-pictures": EventRoom(TWO, picture="0199a1b2-c3d4-7000-8000-000000000004", is_kept=True),
    "events-people": EventRoom(TWO, {**LASTING, "visibility": "public"}),
    "events-bans": EventRoom(TWO, banned="bob"),
    "events-rules": EventRoom(TWO, {**LASTING, "name": "A room", "slowModeSeconds": 5}),
    "events-edits": EventRoom(TWO, messages=(EDITED,)),
    "GUILD#events-edits": EventRoom(TWO, messages=(EDITED,)),
    "GUILD#events-guild": EventRoom({"alice": "owner", "carol": "member"}),
    "events-garden": EventRoom(),
    "GUILD#events-owls": EventRoom(),
}


def rooms_in(event: Mapping[str, Any]) -> list[str]:
    """The ids of the rooms here that an event of AppSync, of a service or of a table's stream names."""
    arguments = event.get("arguments", event)
    named = [arguments.get("roomId"), f"{GUILD_PREFIX}{arguments.get('guildId')}"]
    for each in (arguments, *_objects(arguments.get("people"))):
        named += [each.get("watching"), *(room.get("roomId") for room in _objects(each.get("rooms")))]
    for record in _objects(event.get("Records")):
        partition = record.get("dynamodb", {}).get("Keys", {}).get("PK", {}).get("S", "")
        named += [room_id for room_id in ROOMS if Room.parse(room_id).partition_key == partition]
    return [room_id for room_id in ROOMS if room_id in named]


def _objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, if it is one."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def is_here(event: Mapping[str, Any]) -> bool:
    """Whether an event is for these rooms."""
    return bool(rooms_in(event)) or _caller(event) == PERSON


def prepare(endpoint: str, objects: str | None, function: str, event: Mapping[str, Any]) -> None:
    """Makes the tables at `endpoint`, and what the function of this name in the wiring is to find when it
    gets `event`.

    `objects`: the address of an S3, if there are to be attachments.
    """
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    create_tables(dynamodb, EVENT_TABLES)
    EventRooms(dynamodb, objects).prepare(function, event)


class EventRooms:
    """The rooms of `ROOMS`. `dynamodb` is a client of botocore, `objects` the address of an S3; without one
    there are no attachments."""

    def __init__(self, dynamodb: Any, objects: str | None) -> None:
        self._dynamodb, self._objects = dynamodb, objects
        store = Store(dynamodb, {"core": EVENT_TABLES["CORE_TABLE"], "guild": EVENT_TABLES["GUILD_TABLE"]})
        self._deployment = Deployment(store, uploads=self._uploads)

    def prepare(self, function: str, event: Mapping[str, Any]) -> None:
        """What the function of this name is to find when it gets `event`."""
        writes, caller = function.partition(".")[0] not in ("Query", "Subscription"), _caller(event)
        for room_id in rooms_in(event):
            self.make_ready(room_id, afresh=writes and not ROOMS[room_id].is_kept)
        if writes:
            for user_id in filter(is_user_id, (caller, event.get("arguments", event).get("userId"))):
                self._forget_rates(user_id)
        if writes and caller == PERSON:
            self._forget_person()

    def make_ready(self, room_id: str, *, afresh: bool) -> None:
        """Makes a room as it begins: one that is absent or whose making was interrupted, or `afresh` any."""
        room, wanted = Room.parse(room_id), ROOMS[room_id]
        head = self._deployment.store.tables.get(head_place(room))
        if afresh or head is None or Head.of(head).seq < len(wanted.messages):
            self._forget(room)
            if wanted.members:
                self._make(room, wanted)

    def _forget_person(self) -> None:
        """Forgets `PERSON`, and the rooms that they are in."""
        partition = keys.user_partition(PERSON)
        for table in EVENT_TABLES.values():
            for item in [item for item in self._scan(table) if item["PK"] == partition]:
                if item["SK"].startswith("IN#"):
                    self._forget(Room.lying_in(item["SK"].removeprefix("IN#")))
                self._delete(table, item)

    def _forget_rates(self, user_id: str) -> None:
        """Forgets what is limited over all rooms of somebody: how fast they prepare uploads, and who adds whom."""
        for sort_key in (keys.UPLOADING, keys.QUOTA):
            place = {"PK": keys.user_partition(user_id), "SK": sort_key}
            self._delete(EVENT_TABLES["CORE_TABLE"], place)

    def _make(self, room: Room, wanted: EventRoom) -> None:
        pictured = {"avatarId": wanted.picture} if wanted.picture else {}
        if not add_room(self._deployment.store, room, wanted.members, {**wanted.settings, **pictured}):
            raise RuntimeError(f"{room.id} is made by another program at the same time")
        if wanted.banned:
            ban = {"roomId": room.id, "userId": wanted.banned}
            ban_member(self._deployment, Caller("alice"), ban, Tally())
        if wanted.picture:
            self._picture(room, wanted.picture)
        for upload_id in (*wanted.uploads, *(each.upload for each in wanted.messages if each.upload)):
            self._upload(room, upload_id)
        for message in wanted.messages:
            self._send(room, message)

    def _upload(self, room: Room, upload_id: str) -> None:
        upload = replace(_png(upload_id, pending_key(upload_id)), expires_at=IN_2100, name="cat.png")
        self._put(upload, upload_write(room, upload))

    def _picture(self, room: Room, upload_id: str) -> None:
        upload = _png(upload_id, avatar_key(room.partition_key, upload_id))
        self._put(upload, used_avatar(upload_place(room, upload_id), upload))

    def _put(self, upload: Upload, write: Write) -> None:
        if not self._objects:
            return
        self._deployment.store.tables.transact([write])
        stored = {"Key": upload.s3_key, "Body": FILE, "ContentType": upload.content_type}
        self._s3.put_object(Bucket=EVENT_BUCKET, **stored)

    @cached_property
    def _s3(self) -> Any:
        make_bucket(str(self._objects), EVENT_BUCKET)
        return client("s3", region=REGION, endpoint=self._objects, timeout=20)

    def _uploads(self) -> Uploads | None:
        if not self._objects:
            return None
        return Uploads(Objects(self._s3, EVENT_BUCKET), frozenset({"image/png"}), len(FILE))

    def _send(self, room: Room, first: First) -> None:
        deployment = self._deployment
        if (id_ := first.id) and (sent := uuid7_ms(id_)) is not None:
            deployment = replace(deployment, now=lambda: sent, new_id=lambda _: id_)
        arguments: dict[str, Any] = {
            "roomId": room.id,
            "text": first.text,
            "clientMessageId": first.client_message_id,
        }
        if self._objects and first.upload:
            arguments["attachments"] = [first.upload]
        send_message(deployment, Caller("alice"), arguments, Tally())

    def _forget(self, room: Room) -> None:
        """Deletes what is stored in and about a room."""
        about = re.compile(rf"(?:.*#)?{re.escape(room.partition_key)}(?:#.*)?", re.DOTALL)
        table = EVENT_TABLES[f"{room.table.upper()}_TABLE"]
        for item in list(self._scan(table)):
            if about.fullmatch(item["PK"]) or about.fullmatch(item["SK"]):
                self._delete(table, item)

    def _scan(self, table: str) -> Iterator[dict[str, str]]:
        """The keys of everything in a table: there is little in these."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        for page in pages:
            yield from ({name: item[name]["S"] for name in ("PK", "SK")} for item in page["Items"])

    def _delete(self, table: str, place: Mapping[str, str]) -> None:
        self._dynamodb.delete_item(TableName=table, Key={name: {"S": value} for name, value in place.items()})


def _png(upload_id: str, key: str) -> Upload:
    return Upload(
        id=upload_id,
        sender_id="alice",
        s3_key=key,
        content_type="image/png",
        size=len(FILE),
        status="pending",
    )


def _caller(event: Mapping[str, Any]) -> str:
    """The id of the person who has sent an event; empty for a service's."""
    return str((event.get("identity") or {}).get("resolverContext", {}).get("userId", ""))
