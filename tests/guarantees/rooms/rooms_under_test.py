"""Rooms in both tables beside their oracles: what is asked of the chat is compared, and what is stored is looked at."""

import uuid
from typing import Any

from chat.deployment import Deployment
from chat.rules.instants import to_wire
from chat.rules.models import RoomSettings
from chat.rules.rooms import Room as Address
from chat.storage import keys
from chat.storage.items import key
from simulator.settings import TABLES
from tests.guarantees.rooms.clients import Client, Live
from tests.guarantees.rooms.message_oracle import (
    RANK,
    RETENTION_DAYS,
    No,
    Person,
    Rules,
    Said,
    Told,
    not_allowed,
)
from tests.guarantees.rooms.requests import Wire, ask
from tests.guarantees.rooms.room_oracle import Room
from tests.guarantees.support.fixtures import Clock, process

NAMES = ("ann", "bob", "cat", "dan", "eve", "root")
"""Five people, and an administrator of the platform."""

DEFAULTS = RoomSettings(1_000, 1_000, 1_000, 1_000, RETENTION_DAYS)


def wire_of(room: Room, each: Said) -> Wire:
    """The schema's `Message`."""
    address = Address.parse(room.id)
    return {
        "id": each.id,
        "roomId": room.id,
        "roomType": address.type,
        "guildId": address.guild_id,
        "senderId": each.sender,
        "text": each.text,
        "ts": to_wire(each.ts),
        "seq": each.seq,
        "epoch": each.epoch,
        "clientMessageId": each.name,
        "rev": each.rev,
        "editedAt": to_wire(each.edited_at) if each.edited_at is not None else None,
        "removedAt": to_wire(each.removed_at) if each.removed_at is not None else None,
        "version": each.version,
        "attachments": None,
        "notice": None,
    }


def head_of(room: Room) -> Wire:
    """The schema's `RoomHead`."""
    ts = to_wire(room.latest()) if room.said else None
    return {"seq": len(room.said), "ts": ts, "epoch": room.epoch, "rev": room.rev}


def has_rules(told: Wire, room: Room) -> bool:
    """Whether the schema's `Room` tells the name and the rules that are in force."""
    rules = room.rules
    visibility = "PUBLIC" if rules.is_public else "PRIVATE"
    found = (told["name"], told["visibility"], told["slowModeSeconds"], told["retentionDays"])
    return found == (rules.own.get("name"), visibility, rules.slow_s, rules.retention_days)


class World:
    """The chat, its processes, its people's clients; and the oracle of each room, by its id."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.clock = Clock()
        self.run = uuid.uuid4().hex[:10]
        self.users = [f"{name}-{self.run}" for name in NAMES]
        self.rooms: dict[str, Room] = {}
        self.processes = [self.process() for _ in range(3)]
        self.clients = {user: Client(user) for user in self.users}
        self.live = Live()
        self.skew = 0

    def process(self) -> Deployment:
        return process(self.client, self.clock, chance=lambda: 0.0, defaults=DEFAULTS)

    def user(self, index: int) -> str:
        return self.users[index % len(self.users)]

    def actor(self, room: Room, index: int) -> str:
        """One of the people, or from 6 on one of those in the room, owners first."""
        inside = sorted(room.active(), key=lambda user: -RANK[room.people[user].role])
        return self.users[index] if index < len(self.users) else inside[(index - 6) % len(inside)]

    def room(self, index: int) -> Room:
        return list(self.rooms.values())[index % len(self.rooms)]

    def jump(self, skew: int) -> None:
        """The wall clock is `skew` ms wrong from here on."""
        for room in self.rooms.values():
            room.lapse(self.clock.now())
        self.clock.jump(skew - self.skew)
        self.skew = skew

    # asking

    def makes(self, number: int, who: str, name: str, others: list[str], public: bool = False) -> None:
        """Somebody makes a room, or finds it made."""
        known, is_admin = self.rooms.get(name), who.startswith("root")
        refusal = None
        if name.startswith("GUILD#") and not is_admin:
            refusal = not_allowed("role")
        elif known and not (known.creator == who and known.person(who)):
            refusal = not_allowed("taken")
        before = self.dump(name) if refusal else None
        visibility = "PUBLIC" if public else "PRIVATE"
        asked = {"roomId": name, "visibility": visibility, "members": others}
        answer = ask(self.processes[number], who, "createRoom", **asked)
        if refusal:
            assert answer == refusal
            assert self.dump(name) == before
            return
        if known is None:
            rules = Rules({"visibility": visibility} if public else {})
            people = {user: Person("owner" if user == who else "member") for user in (who, *others)}
            known = self.rooms[name] = Room(name, who, frozenset(self.users[-1:]), rules, people)
        self.is_room(answer, known, who)

    def do(
        self, number: int, who: str, verb: str, room: Room, expected: object, **arguments: Any
    ) -> Wire | None:
        """Ask a mutation of a room. What the oracle refuses is refused alike, and leaves everything as it was; all else
        is published."""
        before = self.dump(room.id) if isinstance(expected, No) else None
        answer = ask(self.processes[number], who, verb, roomId=room.id, **arguments)
        return self.settle(who, verb, room, expected, answer, before)

    def settle(
        self, who: str, verb: str, room: Room, expected: object, answer: Any, before: list[Wire] | None
    ) -> Wire | None:
        """Compare an answer; `before` is what was stored, where it must be so still."""
        if isinstance(expected, No):
            assert answer == expected
            assert before is None or self.dump(room.id) == before
            return None
        assert not isinstance(answer, No), (answer, expected)
        self.publish(verb, answer)
        if isinstance(expected, Told):
            self.is_notice(answer, who, room, expected)
        elif isinstance(expected, Said):
            self.is_message(answer, room, expected)
        wire: Wire = answer
        return wire

    def publish(self, verb: str, answer: Wire) -> None:
        """To all who subscribed; none of them is told anything that came after they had left."""
        counts = {user: len(client.inbox) for user, client in self.clients.items()}
        self.live.publish(verb, answer)
        for user, client in self.clients.items():
            for heard in client.inbox[counts[user] :]:
                room = self.rooms[heard["roomId"]]
                assert room.person(user) or heard["epoch"] <= room.last_epochs[user]

    def is_notice(self, answer: Wire, who: str, room: Room, told: Told) -> None:
        notice = answer["notice"]
        found = (notice["kind"], notice["userId"], answer["epoch"], notice["nextEpoch"])
        assert found == (told.kind, told.user, told.epoch, told.next_epoch)
        assert (answer["roomId"], answer["senderId"], answer["seq"], answer["text"]) == (
            room.id,
            who,
            None,
            None,
        )
        assert answer["ts"] == to_wire(self.clock.now())
        if told.role:
            assert notice["role"] == told.role.upper()
        if told.kind == "MEMBER_MUTED":
            assert notice["mutedUntil"] == (to_wire(told.muted_until) if told.muted_until else None)
        if told.kind == "ROOM_UPDATED":
            assert has_rules(notice["room"], room)

    def is_room(self, answer: Wire, room: Room, user: str) -> None:
        """The schema's `Room`, as somebody who may look at it is told it."""
        person = room.person(user)
        assert answer["roomId"] == room.id
        assert has_rules(answer, room)
        assert answer["memberCount"] == len(room.active())
        assert answer["me"] == (self.member_of(user, person) if person else None)
        assert answer["head"] == (head_of(room) if person or user.startswith("root") else None)

    def member_of(self, user: str, person: Person) -> Wire:
        """The schema's `Member`."""
        muted = to_wire(person.muted_until) if person.muted_until > self.clock.now() else None
        told = {"role": person.role.upper(), "mutedUntil": muted, "joinedSeq": person.joined_seq}
        return {"userId": user, "status": "ACTIVE", **told}

    def is_message(self, answer: Wire, room: Room, expected: Said) -> None:
        expected.id = expected.id or answer["id"]
        expected.name = expected.name or answer["clientMessageId"]
        wire = wire_of(room, expected)
        if room.lives(expected, self.clock.now()):
            assert answer == wire
        else:
            same = ("id", "roomId", "senderId", "ts", "seq", "clientMessageId")
            assert answer["text"] is None
            assert {name: answer[name] for name in same} == {name: wire[name] for name in same}

    # looking

    def stretch(self, table: str, partition_key: str) -> list[dict[str, Any]]:
        request = {
            "TableName": TABLES[f"{table.upper()}_TABLE"],
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition_key}},
            "ConsistentRead": True,
        }
        items: list[dict[str, Any]] = self.client.query(**request)["Items"]
        return items

    def dump(self, room_id: str) -> list[dict[str, Any]]:
        """All that a verb about a room could change."""
        address = Address.parse(room_id)
        places = [address.partition_key, *map(keys.user_partition, self.users)]
        return [item for place in places for item in self.stretch(address.table, place)]

    def heads(self) -> dict[str, dict[str, int]]:
        """The numbers of the stored heads, by room id."""
        wanted: dict[str, Any] = {}
        for room_id in self.rooms:
            address = Address.parse(room_id)
            place = key(address.partition_key, keys.HEAD)
            table = wanted.setdefault(
                TABLES[f"{address.table.upper()}_TABLE"], {"Keys": [], "ConsistentRead": True}
            )
            table["Keys"].append(place)
        found = self.client.batch_get_item(RequestItems=wanted)["Responses"] if wanted else {}
        return {
            Address.lying_in(item["PK"]["S"]).id: {
                name: int(value["N"]) for name, value in item.items() if "N" in value
            }
            for items in found.values()
            for item in items
        }

    def delete_expired(self, keep: int) -> None:
        """What TTL does, days late and in any order: one in `keep` stays. DynamoDB's own clock does not jump."""
        now_s = (self.clock.now() - 11_000) // 1_000
        for table in ("core", "guild"):
            rooms = [Address.parse(room_id).partition_key for room_id in self.rooms]
            for place in (*rooms, *map(keys.user_partition, self.users)):
                gone = [
                    item
                    for item in self.stretch(table, place)
                    if "expiresAt" in item and int(item["expiresAt"]["N"]) < now_s
                ]
                for item in gone[:: keep + 1]:
                    self.client.delete_item(
                        TableName=TABLES[f"{table.upper()}_TABLE"],
                        Key={name: item[name] for name in ("PK", "SK")},
                    )
                    self._forget(item["PK"]["S"], item["SK"]["S"])

    def _forget(self, partition_key: str, sort_key: str) -> None:
        for room in self.rooms.values():
            if sort_key == keys.membership(Address.parse(room.id).partition_key):
                gone = room.people.pop(partition_key.removeprefix("USER#"))
                assert gone.status == "left"
