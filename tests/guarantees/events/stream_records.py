"""Records of a table's stream: of events of rooms, of what is none, and of what nobody can read."""

import json
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from chat.rules.events import RoomEvent
from chat.rules.models import Item, Notice
from chat.rules.rooms import Room
from chat.storage.event_items import event_attributes, event_place
from chat.storage.items import values
from chat.storage.keys import message as message_key

Record = dict[str, Any]
NOON = 1_800_000_000_000


class Records:
    """Numbers what happens in rooms as their revisions, and records as a stream does."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._numbers = count(1)
        self._revs: dict[str, int] = {}

    def event(self, room_id: str) -> Record:
        """The room's next revision: a message, its edit, or something else."""
        room = Room.parse(room_id)
        rev = self._revs[room_id] = self._revs.get(room_id, 0) + 1
        if self.random.random() < 0.5:
            return self.record(sent(room, rev))
        return self.record(other(room, rev))

    def of_nothing(self) -> Record:
        """A change that tells no event: of a message from before, of another team's item."""
        room = Room.parse("lobby")
        item = sent(room, 1)
        del item["sentRev"]
        theirs = {"PK": {"S": "ROOM#lobby"}, "SK": {"S": "EVT#theirs"}, "type": {"S": "Theirs"}}
        elsewhere = {"PK": {"S": "TEAM#1"}, "SK": {"S": "MSG#1"}, "x": {"BOOL": True}}
        return self.record(self.random.choice([item, theirs, elsewhere]))

    def poisoned(self) -> Record:
        """One that nobody can read."""
        record = self.record(self.random.choice([sent, other])(Room.parse("lobby"), 7))
        self.random.choice(POISONS)(record)
        return record

    def record(self, item: Item, name: str = "INSERT") -> Record:
        return {
            "eventID": f"e{next(self._numbers)}",
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/gg_core/stream/2026-11-27T00:00:00.000",
            "dynamodb": {
                "ApproximateCreationDateTime": NOON // 1_000,
                "Keys": {"PK": item["PK"], "SK": item["SK"]},
                "NewImage": item,
                "SequenceNumber": f"{next(self._numbers):021d}",
            },
        }


def sent(room: Room, rev: int, text: str = "hello") -> Item:
    message_id = f"m-{room.id}-{rev}".replace("#", "-")
    named = {"guildId": room.guild_id} if room.guild_id else {"roomId": room.id}
    attributes = {
        "type": "Message",
        "id": message_id,
        **named,
        "senderId": "alice",
        "text": text,
        "ts": NOON + rev,
        "roomType": room.type,
        "seq": rev,
        "sentRev": rev,
        "epoch": 1,
        "clientMessageId": f"c-{rev}",
    }
    return {
        "PK": {"S": room.partition_key},
        "SK": {"S": message_key(NOON + rev, message_id)},
        **values(attributes),
    }


def other(room: Room, rev: int) -> Item:
    notice = Notice(kind="MEMBER_JOINED", user_id="bob", rev=rev).to_wire()
    event = RoomEvent(
        id=f"e-{room.id}-{rev}",
        kind="MEMBER_JOINED",
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        rev=rev,
        seq=rev,
        epoch=1,
        generation=1,
        ts=NOON + rev,
        actor_id="bob",
        notices=(notice,),
    )
    return event_place(room, rev).key | values(event_attributes(0, event))


def _set(name: str, value: object) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record["dynamodb"]["NewImage"][name] = value

    return change


def _without(name: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        del record["dynamodb"]["NewImage"][name]

    return change


def _no_image(record: Record) -> None:
    del record["dynamodb"]["NewImage"]


def _no_change(record: Record) -> None:
    record["dynamodb"] = {"SequenceNumber": record["dynamodb"]["SequenceNumber"], "NewImage": 7}


def _of_event(change: Callable[[Record], None]) -> Callable[[Record], None]:
    """A change that only an event's own item is spoilt by."""

    def changed(record: Record) -> None:
        if "sentRev" in record["dynamodb"]["NewImage"]:
            record["dynamodb"]["NewImage"]["ts"] = {"S": "no instant"}
        else:
            change(record)

    return changed


DEEP = "[" * 100_000
POISONS: list[Callable[[Record], None]] = [
    _set("seq", {"S": "7"}),
    _set("seq", {"N": "seven"}),
    _set("seq", {"N": "-3"}),
    _set("seq", {"N": "1e400"}),
    _set("seq", {"N": "7.5"}),
    _set("epoch", {"BOOL": True}),
    _set("epoch", {"N": "0"}),
    _set("epoch", 7),
    _set("id", {"S": ""}),
    _set("id", {"N": "7"}),
    _set("id", {"S": "x" * 400_000}),
    _set("ts", {"N": "9" * 38}),
    _set("ts", {"N": "-99999999999999999"}),
    _set("ts", {"L": []}),
    _set("ts", {"NULL": True}),
    _set("SK", {"N": "7"}),
    _set("PK", {}),
    _without("id"),
    _without("SK"),
    _no_image,
    _no_change,
    _of_event(_set("notices", {"S": "no JSON"})),
    _of_event(_set("notices", {"S": DEEP})),
    _of_event(_set("notices", {"S": "7"})),
    _of_event(_set("notices", {"S": '{"a": 1}'})),
    _of_event(_set("notices", {"S": '[{"kind": "MEMBER_JOINED", "rev": Infinity}]'})),
    _of_event(_set("notices", {"S": '[{"kind": "OTHER"}]'})),
    _of_event(_set("kind", {"S": "NO_KIND"})),
    _of_event(_set("actorId", {"S": "\ud800"})),
    _of_event(_without("rev")),
]


def image_id(record: Record) -> str:
    """The id of a sound record's event."""
    item = record["dynamodb"]["NewImage"]
    return f"{item['id']['S']}.{item['sentRev']['N']}" if "sentRev" in item else str(item["id"]["S"])


def rev_of(document: str) -> tuple[str, int]:
    """Room and revision of an event that came out."""
    event = json.loads(document)
    return event["roomId"], event["rev"]
