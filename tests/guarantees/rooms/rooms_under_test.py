"""Rooms in both tables beside their oracles: what the chat answers and what is stored is compared."""

import uuid
from typing import Any

from chat.deployment import Deployment
from chat.rules.instants import to_wire
from chat.rules.models import Item, RoomSettings
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key
from simulator.settings import TABLES
from tests.guarantees.rooms.clients import Client, FanOut
from tests.guarantees.rooms.message_oracle import (
    RANK,
    RETENTION_DAYS,
    ExpectedNotice,
    Membership,
    Refusal,
    Rules,
    StoredMessage,
    not_allowed,
)
from tests.guarantees.rooms.requests import Wire, call
from tests.guarantees.rooms.room_oracle import RoomOracle
from tests.guarantees.support.fixtures import Clock, partition, process, table_name

NAMES = ("ann", "bob", "cat", "dan", "eve", "root")
"""Five users, and an administrator of the platform."""

MINUTE_MS = 60_000
ASKING = 2
"""The process whose deployment asks for people's consent: that may be turned on and off."""

DEFAULTS = RoomSettings(1_000, 1_000, 1_000, 1_000, RETENTION_DAYS)


def wire_of(room: RoomOracle, each: StoredMessage) -> Wire:
    """The schema's `Message`."""
    parsed = Room.parse(room.id)
    return {
        "id": each.id,
        "roomId": room.id,
        "roomType": parsed.type,
        "guildId": parsed.guild_id,
        "senderId": each.sender,
        "text": each.text,
        "ts": to_wire(each.ts),
        "seq": each.seq,
        "epoch": each.epoch,
        "clientMessageId": each.name if each.was_sent_by is None else None,
        "rev": each.rev,
        "editedAt": to_wire(each.edited_at) if each.edited_at is not None else None,
        "removedAt": to_wire(each.removed_at) if each.removed_at is not None else None,
        "erased": True if each.was_sent_by is not None else None,
        "version": each.version,
        "attachments": None,
        "replyTo": None,
        "quote": None,
        "mentions": None,
        "mentionsAll": None,
        "reactions": None,
        "notice": None,
    }


def head_of(room: RoomOracle) -> Wire:
    """The schema's `RoomHead`."""
    ts = to_wire(room.latest()) if room.messages else None
    return {"seq": len(room.messages), "ts": ts, "epoch": room.epoch, "rev": room.rev, "pinsRev": 0}


def has_rules(wire: Wire, room: RoomOracle) -> bool:
    """Whether the schema's `Room` has the name and the rules that are in force."""
    rules = room.rules
    visibility = "PUBLIC" if rules.is_public else "PRIVATE"
    found = (wire["name"], wire["visibility"], wire["slowModeSeconds"], wire["retentionDays"])
    return found == (rules.settings.get("name"), visibility, rules.slow_s, rules.retention_days)


class RoomsUnderTest:
    """The chat: its processes, its users' clients, and the oracle of each room by its id."""

    def __init__(self, client: Any, publish: str) -> None:
        self.client = client
        self.clock = Clock()
        self.run = uuid.uuid4().hex[:10]
        self.users = [f"{name}-{self.run}" for name in NAMES]
        self.rooms: dict[str, RoomOracle] = {}
        self.processes = [self.process(number) for number in range(3)]
        self.clients = {user: Client(user) for user in self.users}
        self.fan_out = FanOut(publish)
        self.skew = 0
        self.erased: dict[str, int] = {}
        self.told: dict[str, int] = {}
        """Up to which revision each room's events were found complete: they expire."""
        self.created_until: dict[str, int] = {}
        """For whom rooms that were made, or found taken, are charged up to when (ms)."""

    def process(self, number: int) -> Deployment:
        asks = number == ASKING
        return process(
            self.client, self.clock, chance=lambda: 0.0, defaults=DEFAULTS, adding_needs_consent=asks
        )

    def user(self, index: int) -> str:
        return self.users[index % len(self.users)]

    def actor(self, room: RoomOracle, index: int) -> str:
        """One of the users, or from 6 on one of the room's members, owners first."""
        members = sorted(room.active_members(), key=lambda user: -RANK[room.members[user].role])
        if index < len(self.users) or not members:
            return self.users[index % len(self.users)]
        return members[(index - 6) % len(members)]

    def forget_client(self, user: str) -> None:
        """Of somebody who was erased; nobody hears live what the job has told."""
        for subscription in self.clients[user].subscriptions.values():
            self.fan_out.unsubscribe(subscription)
        self.clients[user] = Client(user)
        for client in self.clients.values():
            for subscription in client.subscriptions.values():
                subscription.is_complete = False

    def room(self, index: int) -> RoomOracle:
        return list(self.rooms.values())[index % len(self.rooms)]

    def jump(self, skew: int) -> None:
        """The wall clock is `skew` ms wrong from here on."""
        for room in self.rooms.values():
            room.note_expired(self.clock.now())
        self.clock.jump(skew - self.skew)
        self.skew = skew

    # requests

    def create_room(self, number: int, who: str, name: str, others: list[str], public: bool = False) -> None:
        """Somebody makes a room, or finds it made."""
        known, is_admin = self.rooms.get(name), who.startswith("root")
        is_own = known is not None and known.creator == who and known.member(who) is not None
        refusal = None
        if name.startswith("GUILD#") and not is_admin:
            refusal = not_allowed("role")
        elif not is_own and not self._charge_creation(who):
            refusal = Refusal("RateLimited")
        elif known and not is_own:
            refusal = not_allowed("taken")
        before = self._without_quotas(name) if refusal else None
        visibility = "PUBLIC" if public else "PRIVATE"
        arguments = {"roomId": name, "visibility": visibility, "members": others}
        answer = call(self.processes[number], who, "createRoom", **arguments)
        if refusal:
            assert answer == refusal
            assert self._without_quotas(name) == before
            return
        if known is None:
            rules = Rules({"visibility": visibility} if public else {})
            members = {user: Membership("owner" if user == who else "member") for user in (who, *others)}
            for user in others if number == ASKING and not is_admin else ():
                members[user].status = "active" if user == who else "invited"
            for user, member in members.items():
                member.erased_at = self.erased.get(user)
            known = self.rooms[name] = RoomOracle(name, who, frozenset(self.users[-1:]), rules, members)
            known.erased = self.erased
        self.check_room(answer, known, who)

    def _charge_creation(self, who: str) -> bool:
        """Ten at once, then one a minute."""
        now, until = self.clock.now(), self.created_until.get(who, 0)
        if now + 9 * MINUTE_MS < until <= now + 10 * MINUTE_MS:
            return False
        self.created_until[who] = min(max(now, until) + MINUTE_MS, now + 10 * MINUTE_MS)
        return True

    def _without_quotas(self, room_id: str) -> list[Item]:
        return [item for item in self.stored_items(room_id) if item["SK"] != {"S": keys.QUOTA}]

    def mutate(
        self, number: int, who: str, verb: str, room: RoomOracle, expected: object, **arguments: Any
    ) -> Wire | None:
        """Make a mutation of a room. What the oracle refuses is refused alike, and leaves everything as it
        was; all else is published."""
        before = self.stored_items(room.id) if isinstance(expected, Refusal) else None
        answer = call(self.processes[number], who, verb, roomId=room.id, **arguments)
        return self.compare_answer(who, verb, room, expected, answer, before)

    def compare_answer(
        self, who: str, verb: str, room: RoomOracle, expected: object, answer: Any, before: list[Wire] | None
    ) -> Wire | None:
        """Compare an answer; `before` is what was stored, where it must be so still."""
        if isinstance(expected, Refusal):
            assert answer == expected
            assert before is None or self.stored_items(room.id) == before
            return None
        assert not isinstance(answer, Refusal), (answer, expected)
        self.publish(verb, answer)
        if isinstance(expected, ExpectedNotice):
            self.check_notice(answer, who, room, expected)
        elif isinstance(expected, StoredMessage):
            self.check_message(answer, room, expected)
        wire: Wire = answer
        return wire

    def publish(self, verb: str, answer: Wire) -> None:
        """To all who subscribed; none of them gets anything that came after a revocation of their access."""
        counts = {user: len(client.inbox) for user, client in self.clients.items()}
        self.fan_out.publish(verb, answer)
        for user, client in self.clients.items():
            for received in client.inbox[counts[user] :]:
                room = self.rooms[received["roomId"]]
                assert room.member(user) or received["epoch"] <= room.last_epochs[user]

    def check_notice(self, answer: Wire, who: str, room: RoomOracle, expected: ExpectedNotice) -> None:
        notice = answer["notice"]
        found = (notice["kind"], notice["userId"], answer["epoch"], notice["nextEpoch"])
        assert found == (expected.kind, expected.user, expected.epoch, expected.next_epoch)
        assert (answer["roomId"], answer["senderId"], answer["seq"], answer["text"]) == (
            room.id,
            who,
            None,
            None,
        )
        assert answer["ts"] == to_wire(self.clock.now())
        if expected.role:
            assert notice["role"] == expected.role.upper()
        if expected.kind == "MEMBER_MUTED":
            assert notice["mutedUntil"] == (to_wire(expected.muted_until) if expected.muted_until else None)
        if expected.kind == "ROOM_UPDATED":
            assert has_rules(notice["room"], room)

    def check_room(self, answer: Wire, room: RoomOracle, user: str) -> None:
        """The schema's `Room`, as a user who may see it gets it."""
        member = room.member(user)
        assert answer["roomId"] == room.id
        assert has_rules(answer, room)
        assert answer["memberCount"] == len(room.active_members())
        assert answer["me"] == (self.member_on_wire(user, member) if member else None)
        assert answer["head"] == (head_of(room) if member or user.startswith("root") else None)

    def member_on_wire(self, user: str, member: Membership) -> Wire:
        """The schema's `Member`."""
        muted = to_wire(member.muted_until) if member.muted_until > self.clock.now() else None
        rest = {"role": member.role.upper(), "mutedUntil": muted, "joinedSeq": member.joined_seq}
        return {"userId": user, "status": "ACTIVE", **rest}

    def check_message(self, answer: Wire, room: RoomOracle, expected: StoredMessage) -> None:
        expected.id = expected.id or answer["id"]
        expected.name = expected.name or answer["clientMessageId"]
        wire = wire_of(room, expected) | {"epoch": room.epoch}  # told again, too, in the one of now
        if room.is_visible(expected, self.clock.now()):
            assert answer == wire
        else:
            same = ("id", "roomId", "senderId", "ts", "seq", "clientMessageId")
            assert answer["text"] is None
            assert {name: answer[name] for name in same} == {name: wire[name] for name in same}

    # what is stored

    def stored_items(self, room_id: str) -> list[Item]:
        """All that a verb about a room could change: not what the stream's function writes whenever it reads, in another process."""
        parsed = Room.parse(room_id)
        places = [parsed.partition_key, *map(keys.user_partition, self.users)]
        items = [item for place in places for item in partition(self.client, table_name(parsed), place)]
        return [item for item in items if item["SK"] != {"S": keys.MINE}]

    def heads(self) -> dict[str, dict[str, int]]:
        """The numbers of the stored heads, by room id."""
        wanted: dict[str, Any] = {}
        for room_id in self.rooms:
            parsed = Room.parse(room_id)
            place = key(parsed.partition_key, keys.HEAD)
            table = wanted.setdefault(table_name(parsed), {"Keys": [], "ConsistentRead": True})
            table["Keys"].append(place)
        found = self.client.batch_get_item(RequestItems=wanted)["Responses"] if wanted else {}
        return {
            Room.lying_in(item["PK"]["S"]).id: {
                name: int(value["N"]) for name, value in item.items() if "N" in value
            }
            for items in found.values()
            for item in items
        }

    def delete_expired(self, keep: int) -> None:
        """What TTL does, days late and in any order: one in `keep` stays.
        DynamoDB's own clock does not jump."""
        now_s = (self.clock.now() - 11_000) // 1_000
        for table in TABLES.values():
            rooms = [Room.parse(room_id).partition_key for room_id in self.rooms]
            for place in (*rooms, *map(keys.user_partition, self.users)):
                gone = [
                    item
                    for item in partition(self.client, table, place)
                    if "expiresAt" in item and int(item["expiresAt"]["N"]) < now_s
                ]
                for item in gone[:: keep + 1]:
                    self.client.delete_item(TableName=table, Key={name: item[name] for name in ("PK", "SK")})
                    self._drop_membership(item["PK"]["S"], item["SK"]["S"])
                    if item["SK"]["S"] == keys.ERASED:
                        self.erased.pop(item["PK"]["S"].removeprefix("USER#"))

    def _drop_membership(self, partition_key: str, sort_key: str) -> None:
        for room in self.rooms.values():
            if sort_key == keys.membership(Room.parse(room.id).partition_key):
                gone = room.members.pop(partition_key.removeprefix("USER#"))
                assert gone.status == "left"
