"""Rooms with a user of every role and status, and what a call has changed in them."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chat.rules.identifiers import uuid7
from chat.rules.models import Role
from chat.rules.rooms import Room, Table
from chat.steps.new_room import Founding, room_writes
from chat.storage import keys
from chat.storage.places import Place, avatar_place, membership_place
from chat.storage.tables import Tables, Write
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import FAST, partition

EPOCH = 3
ENDED_EPOCH = 2
"""The epoch that was ended by the revocations of those who left and of those who are banned."""
UNTIL_MS = 4_102_444_800_000
MEMBERS: Mapping[str, Role] = {
    "owner": "owner",
    "moderator": "moderator",
    "member": "member",
    "muted": "member",
    "an owner": "owner",
    "a moderator": "moderator",
    "a member": "member",
}
FORMER: Mapping[str, tuple[str, Role]] = {
    "left": ("left", "member"),
    "invited": ("invited", "member"),
    "who is invited": ("invited", "member"),
    "who left": ("left", "member"),
    "banned": ("banned", "member"),
    "who is banned": ("banned", "member"),
    "a banned moderator": ("banned", "moderator"),
}
NON_MEMBERS = ("stranger", "admin", "gateway", "a stranger")

Partition = tuple[Table, str]
Items = dict[str, dict[str, Any]]
BOTH: tuple[Table, ...] = ("core", "guild")


@dataclass(frozen=True)
class PreparedRoom:
    """A room, its users by what they are in it, and a message of each of them from when they were members."""

    room: Room
    users: Mapping[str, str]
    messages: Mapping[str, str]


@dataclass
class RoomPool:
    """Rooms, each used until something has changed in it."""

    client: Any
    tables: Tables
    now: int
    _rooms: dict[tuple[bool, bool, bool], PreparedRoom] = field(default_factory=dict)
    _last: dict[Partition, Items] = field(default_factory=dict)

    def room_with(self, *, public: bool = False, sole: bool = False, guild: bool = False) -> PreparedRoom:
        """A room; `sole`: with a single owner."""
        kind = (public, sole, guild)
        if kind not in self._rooms:
            self._rooms[kind] = self._make(public=public, sole=sole, guild=guild)
        return self._rooms[kind]

    def discard(self, prepared: PreparedRoom) -> None:
        """Do not use it again."""
        self._rooms = {kind: each for kind, each in self._rooms.items() if each is not prepared}

    def watch(self, rooms: Iterable[Room], caller: str, users: Iterable[str]) -> list[Partition]:
        """The partitions that a call concerns: these rooms', the caller's in both tables, and these other
        users' in the rooms' tables. What was not read before is read now.
        """
        places: list[Partition] = [(table, keys.user_partition(caller)) for table in BOTH]
        for room in rooms:
            places.append((room.table, room.partition_key))
            places += [(room.table, keys.user_partition(user_id)) for user_id in users]
        for place in dict.fromkeys(places):
            if place not in self._last:
                self._last[place] = self._items(*place)
        return list(dict.fromkeys(places))

    def changed(self, places: Iterable[Partition]) -> set[str]:
        """The sort keys of what has changed there since it was last read."""
        found: set[str] = set()
        for place in places:
            before, after = self._last[place], self._items(*place)
            found |= {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
            self._last[place] = after
        return found

    def _items(self, table: Table, partition_key: str) -> Items:
        found = partition(self.client, TABLES[f"{table.upper()}_TABLE"], partition_key)
        return {item["SK"]["S"]: item for item in found}

    def _make(self, *, public: bool, sole: bool, guild: bool) -> PreparedRoom:
        mark = uuid.uuid4().hex[:8]
        room = Room.parse(f"{'GUILD#' if guild else ''}matrix-{mark}")
        inside = {label: role for label, role in MEMBERS.items() if not (sole and label == "an owner")}
        labels = (*inside, *FORMER, *NON_MEMBERS)
        users = {label: f"{label.replace(' ', '-')}-{mark}" for label in labels}
        instants = {label: self.now - 60_000 + number for number, label in enumerate(labels)}
        messages = {label: uuid7(ts) for label, ts in instants.items()}
        rules = {
            **FAST,
            "seq": len(labels),
            "ts": max(instants.values()),
            "epoch": EPOCH,
            "visibility": "public" if public else "private",
        }
        members = {users[label]: role for label, role in inside.items()}
        self.tables.transact(room_writes(room, members, rules, Founding(uuid7(self.now), self.now, 1, None)))
        sent = [
            _message(room, users[label], messages[label], instants[label], seq)
            for seq, label in enumerate(labels, start=1)
        ]
        file = _file(room, users["a member"], messages["a member"], instants["a member"])
        picture = replace(
            _file(room, users["a member"], messages["a member"], 0), place=avatar_place(messages["a member"])
        )
        ended = _ended_memberships(room, users)
        self.tables.transact([*ended, *_muted(room, users["muted"]), *sent, file, picture])
        return PreparedRoom(room, users, messages)


def _ended_memberships(room: Room, users: Mapping[str, str]) -> list[Write]:
    """The memberships of those who are members no more, or not yet."""
    writes = []
    for label, (status, role) in FORMER.items():
        user_id = users[label]
        gone = {
            "type": "Membership",
            "role": role,
            "status": status,
            "joinedSeq": 0,
        } | ({} if status == "invited" else {"endedEpoch": ENDED_EPOCH})
        writes.append(Write(membership_place(room, user_id), set=gone, whole=True))
        if status == "banned":
            line = Place(room.table, room.partition_key, keys.banned(user_id))
            writes.append(Write(line, set={"type": "Ban", "role": role, "status": status}, whole=True))
        if status == "invited":
            line = Place(room.table, room.partition_key, keys.invited(user_id))
            writes.append(Write(line, set={"type": "Invitation", "role": role, "status": status}, whole=True))
    return writes


def _muted(room: Room, user_id: str) -> list[Write]:
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
