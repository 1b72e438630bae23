"""Rooms with somebody of every standing in them, and a look at whatever an act could have changed."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.rules.identifiers import uuid7
from chat.rules.models import Role
from chat.rules.rooms import Room, Table
from chat.steps.new_room import room_writes
from chat.storage import keys
from chat.storage.places import Place, membership_place
from chat.storage.tables import Tables, Write
from tests.guarantees.support.fixtures import FAST

EPOCH = 3
LONG_AGO = 2
"""The epoch that the going of those who left, and of those who are banned, ended."""
UNTIL_MS = 4_102_444_800_000
INSIDE: Mapping[str, Role] = {
    "owner": "owner",
    "moderator": "moderator",
    "member": "member",
    "muted": "member",
    "an owner": "owner",
    "a moderator": "moderator",
    "a member": "member",
}
GONE: Mapping[str, tuple[str, Role]] = {
    "left": ("left", "member"),
    "who left": ("left", "member"),
    "banned": ("banned", "member"),
    "who is banned": ("banned", "member"),
    "a banned moderator": ("banned", "moderator"),
}
OUTSIDE = ("stranger", "admin", "gateway", "a stranger")

Partition = tuple[Table, str]
Items = dict[str, dict[str, Any]]
TABLES: tuple[Table, ...] = ("core", "guild")


@dataclass(frozen=True)
class Scene:
    """A room, its people by what they are, and a message that each of them sent when they were there."""

    room: Room
    people: Mapping[str, str]
    messages: Mapping[str, str]


@dataclass
class Theatre:
    """Scenes, each used until something has changed in it."""

    tables: Tables
    now: int
    _scenes: dict[tuple[bool, bool, bool], Scene] = field(default_factory=dict)
    _seen: dict[Partition, Items] = field(default_factory=dict)

    def scene(self, *, public: bool = False, sole: bool = False, guild: bool = False) -> Scene:
        """A room; `sole`: with a single owner."""
        kind = (public, sole, guild)
        if kind not in self._scenes:
            self._scenes[kind] = self._built(public=public, sole=sole, guild=guild)
        return self._scenes[kind]

    def leave(self, scene: Scene) -> None:
        """Do not use it again."""
        self._scenes = {kind: each for kind, each in self._scenes.items() if each is not scene}

    def watched(self, rooms: Iterable[Room], actor: str, people: Iterable[str]) -> list[Partition]:
        """The partitions that an act concerns: these rooms', the actor's in both tables, and these other people's in the
        rooms' tables. What was not looked at before is looked at now.
        """
        places: list[Partition] = [(table, keys.user_partition(actor)) for table in TABLES]
        for room in rooms:
            places.append((room.table, room.partition_key))
            places += [(room.table, keys.user_partition(user_id)) for user_id in people]
        for place in dict.fromkeys(places):
            if place not in self._seen:
                self._seen[place] = self._items(*place)
        return list(dict.fromkeys(places))

    def changed(self, places: Iterable[Partition]) -> set[str]:
        """The sort keys of what has changed there since it was looked at last."""
        found: set[str] = set()
        for place in places:
            before, after = self._seen[place], self._items(*place)
            found |= {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
            self._seen[place] = after
        return found

    def _items(self, table: Table, partition_key: str) -> Items:
        items, further = self.tables.query_page(
            table, partition_key, " ", "~", forward=True, count=1_000, consistent=True
        )
        assert further is None
        return {item["SK"]["S"]: item for item in items}

    def _built(self, *, public: bool, sole: bool, guild: bool) -> Scene:
        mark = uuid.uuid4().hex[:8]
        room = Room.parse(f"{'GUILD#' if guild else ''}stage-{mark}")
        inside = {label: role for label, role in INSIDE.items() if not (sole and label == "an owner")}
        labels = (*inside, *GONE, *OUTSIDE)
        people = {label: f"{label.replace(' ', '-')}-{mark}" for label in labels}
        instants = {label: self.now - 60_000 + number for number, label in enumerate(labels)}
        messages = {label: uuid7(ts) for label, ts in instants.items()}
        rules = {
            **FAST,
            "seq": len(labels),
            "ts": max(instants.values()),
            "epoch": EPOCH,
            "visibility": "public" if public else "private",
        }
        members = {people[label]: role for label, role in inside.items()}
        self.tables.transact(room_writes(room, members, rules))
        sent = [
            _message(room, people[label], messages[label], instants[label], seq)
            for seq, label in enumerate(labels, start=1)
        ]
        file = _file(room, people["a member"], messages["a member"], instants["a member"])
        self.tables.transact([*_partings(room, people), *_mute(room, people["muted"]), *sent, file])
        return Scene(room, people, messages)


def _partings(room: Room, people: Mapping[str, str]) -> list[Write]:
    """The memberships of those who were there once."""
    writes = []
    for label, (status, role) in GONE.items():
        user_id = people[label]
        gone = {"type": "Membership", "role": role, "status": status, "joinedSeq": 0, "endedEpoch": LONG_AGO}
        writes.append(Write(membership_place(room, user_id), set=gone, whole=True))
        if status == "banned":
            line = Place(room.table, room.partition_key, keys.banned(user_id))
            writes.append(Write(line, set={"type": "Ban", "role": role, "status": status}, whole=True))
    return writes


def _mute(room: Room, user_id: str) -> list[Write]:
    listed = Place(room.table, room.partition_key, keys.roster(user_id))
    return [Write(place, set={"mutedUntil": UNTIL_MS}) for place in (membership_place(room, user_id), listed)]


def _file(room: Room, sender: str, message_id: str, ts: int) -> Write:
    """A file of a message, with the message's id for its own."""
    item = {
        "type": "Upload",
        "id": message_id,
        "senderId": sender,
        "s3Key": f"files/{message_id}",
        "contentType": "image/png",
        "size": 7,
        "status": "used",
        "messageSk": keys.message(ts, message_id),
        "expiresAt": ts // 1_000 + 86_400,
    }
    return Write(Place(room.table, room.partition_key, keys.upload(message_id)), set=item, whole=True)


def _message(room: Room, sender: str, message_id: str, ts: int, seq: int) -> Write:
    owner = {"guildId": room.guild_id} if room.guild_id else {"roomId": room.id}
    item = {
        "type": "Message",
        "id": message_id,
        **owner,
        "senderId": sender,
        "text": "as it was",
        "ts": ts,
        "roomType": room.type,
        "seq": seq,
        "epoch": EPOCH,
        "clientMessageId": message_id,
        "expiresAt": ts // 1_000 + 86_400,
    }
    return Write(Place(room.table, room.partition_key, keys.message(ts, message_id)), set=item, whole=True)
