"""What the tests share: rooms of their own, processes with a memory
each, and a clock that only a test moves."""

import json
import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.changes import changes
from chat.operations.edit_message import edit_message
from chat.operations.messages import HistoryPage, messages
from chat.operations.remove_message import remove_message
from chat.operations.run_jobs import run_jobs
from chat.operations.send_message import send_message
from chat.rules.cursor import CursorKeys
from chat.rules.errors import ChatError
from chat.rules.models import Caller, Item, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.jobs import Run
from chat.steps.new_room import add_room
from chat.storage import keys
from chat.storage.items import key, values
from chat.storage.store import Store
from simulator.settings import TABLES

FAST = {"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1000, "roomBurst": 1000}
DAY_MS = 86_400_000
NOON = 1_800_000_000_000
DIRECT_KEY = b"another one, of 32 bytes as well"
CURSOR_KEYS = CursorKeys("k1", {"k1": b"a key for tests, 32 bytes long.."})


class Clock:
    """Wall clock and monotonic clock of one process. Sleeping moves both; only the wall clock may jump."""

    def __init__(self, ms: int = NOON) -> None:
        self.ms = ms
        self.seconds = 0.0

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.ms += round(seconds * 1_000)

    def jump(self, ms: int) -> None:
        self.ms += ms


class MovingClock(Clock):
    """Moves by a millisecond at each look, as every clock does while an answer is waited for."""

    def now(self) -> int:
        self.ms += 1
        return self.ms

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds


def table_name(room: Room) -> str:
    """The table that a room lies in, with its members' items."""
    return TABLES[f"{room.table.upper()}_TABLE"]


def partition(client: Any, table: str, partition_key: str, prefix: str = "") -> list[Item]:
    """All items of a partition whose sort keys begin with `prefix`, in
    the order of these. `table`: its name."""
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "PK = :pk" + (" AND begins_with(SK, :prefix)" if prefix else ""),
        "ExpressionAttributeValues": {":pk": {"S": partition_key}}
        | ({":prefix": {"S": prefix}} if prefix else {}),
        "ConsistentRead": True,
    }
    items: list[Item] = []
    while True:
        answer = client.query(**request)
        items += answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return items
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def plain(item: Item) -> dict[str, Any]:
    """An item's attributes as plain values."""
    return {name: json.loads(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def store_of(client: Any, generation: int = 1) -> Store:
    return Store(client, {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}, generation)


def pseudonym(user_id: str) -> str:
    """As a deployment's key makes one."""
    return f"p{zlib.crc32(user_id.encode())}"


def process(client: Any, clock: Clock, *, generation: int = 1, **parts: Any) -> Deployment:
    """A process of the chat: nothing remembered, on `clock`; its chance always falls the same. `generation`:
    the tables'."""
    given = {
        "chance": Random(1).random,  # noqa: S311  jitter, repeatable
        "sleep": clock.sleep,
        "direct_key": lambda: DIRECT_KEY,
        "pseudonym": pseudonym,
        **parts,
    }
    return Deployment(store=store_of(client, generation), now=clock.now, monotonic=clock.monotonic, **given)


def new_room(
    client: Any,
    *users: str,
    prefix: str = "",
    settings: Mapping[str, int | float | str] = FAST,
    members: Mapping[str, Role] | None = None,
) -> str:
    """The id of a new room with `users` in it as plain members, or `members` with their roles."""
    room_id = f"{prefix}{uuid.uuid4().hex[:12]}"
    roles: Mapping[str, Role] = members or dict.fromkeys(users, "member")
    assert add_room(store_of(client), Room.parse(room_id), roles, settings)
    return room_id


def send(
    deployment: Deployment,
    room_id: str,
    user: str,
    text: str,
    name: str | None = None,
    tally: Tally | None = None,
) -> Message:
    arguments = {"roomId": room_id, "text": text, "clientMessageId": name}
    return send_message(deployment, Caller(user_id=user), arguments, Tally() if tally is None else tally)


def refused(
    deployment: Deployment, room_id: str, user: str, text: str = "hi", name: str | None = None
) -> ChatError:
    """The refusal of a send. Raises `AssertionError` where it is not refused."""
    try:
        send(deployment, room_id, user, text, name)
    except ChatError as refusal:
        return refusal
    raise AssertionError("not refused")


def edit(deployment: Deployment, message: Message, text: str, user: str | None = None) -> Message:
    """Edit a message, as its sender unless somebody else is named."""
    arguments = {"roomId": message.room_id, "id": message.id, "text": text}
    return edit_message(deployment, Caller(user_id=user or message.sender_id), arguments, Tally())


def remove(deployment: Deployment, message: Message, user: str | None = None, *roles: str) -> Message:
    """Remove a message, as its sender unless somebody else is named."""
    caller = Caller(user_id=user or message.sender_id, roles=frozenset(roles))
    return remove_message(deployment, caller, {"roomId": message.room_id, "id": message.id}, Tally())


def read(deployment: Deployment, room_id: str, user: str, **arguments: Any) -> HistoryPage:
    return messages(deployment, CURSOR_KEYS, Caller(user_id=user), {"roomId": room_id, **arguments}, Tally())


def read_changes(deployment: Deployment, room_id: str, user: str, **arguments: Any) -> dict[str, Any]:
    """The schema's `ChangePage`."""
    return changes(deployment, CURSOR_KEYS, Caller(user_id=user), {"roomId": room_id, **arguments}, Tally())


def follow(deployment: Deployment, room_id: str, user: str, **arguments: Any) -> Iterator[Message]:
    """Every message that somebody gets who follows the cursor to its end."""
    token = None
    while True:
        page = read(deployment, room_id, user, **arguments, nextToken=token)
        yield from page.items
        token = page.next_token
        if token is None:
            return


def change_member(client: Any, room_id: str, user: str, **attributes: str | int) -> None:
    """Let `user` in, or write `attributes` (`status`, `mutedUntil` …) of the membership there is."""
    room = Room.parse(room_id)
    client.update_item(
        TableName=table_name(room),
        Key=key(keys.user_partition(user), keys.membership(room.partition_key)),
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues=values({f":{name}": value for name, value in attributes.items()}),
    )


def remove_member(client: Any, room_id: str, user: str) -> None:
    room = Room.parse(room_id)
    client.delete_item(
        TableName=table_name(room),
        Key=key(keys.user_partition(user), keys.membership(room.partition_key)),
    )


def change_room(client: Any, room_id: str, **settings: int | float | str) -> None:
    """Write settings of the room; as every write of HEAD, it moves `rev`."""
    room = Room.parse(room_id)
    client.update_item(
        TableName=table_name(room),
        Key=key(room.partition_key, keys.HEAD),
        UpdateExpression="SET rev = rev + :one, " + ", ".join(f"#{name} = :{name}" for name in settings),
        ExpressionAttributeNames={f"#{name}": name for name in settings},
        ExpressionAttributeValues=values({":one": 1, **{f":{n}": v for n, v in settings.items()}}),
    )


def erase_text(client: Any, room_id: str, sort_key: str, **attributes: int) -> None:
    """What removing a message will do to its item."""
    room = Room.parse(room_id)
    client.update_item(
        TableName=table_name(room),
        Key=key(room.partition_key, sort_key),
        UpdateExpression="REMOVE #text SET " + ", ".join(f"{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues=values({f":{name}": value for name, value in attributes.items()}),
    )


def delete_message(client: Any, room_id: str, sort_key: str) -> None:
    """What TTL does to an item, days after it has expired."""
    room = Room.parse(room_id)
    client.delete_item(TableName=table_name(room), Key=key(room.partition_key, sort_key))


def stored(client: Any, room_id: str) -> list[dict[str, Any]]:
    """The room's message items as plain values, oldest first, expired or not."""
    room = Room.parse(room_id)
    return [plain(item) for item in partition(client, table_name(room), room.partition_key, "MSG#")]


def items_of_a_send(client: Any, message: Message) -> list[Item]:
    """The four items that a send has left behind: member, idempotency key, head and, last, the message."""
    room = Room.parse(message.room_id)
    user, name = keys.user_partition(message.sender_id), message.client_message_id or ""
    places = [
        key(user, keys.membership(room.partition_key)),
        key(user, keys.sent(room.partition_key, name)),
        key(room.partition_key, keys.HEAD),
        key(room.partition_key, keys.message(message.ts, message.id)),
    ]
    return [
        client.get_item(TableName=table_name(room), Key=place, ConsistentRead=True)["Item"]
        for place in places
    ]


def numbers(client: Any, room_id: str) -> list[int]:
    return [item["seq"] for item in stored(client, room_id)]


def run_one_piece(deployment: Deployment) -> Run:
    """Run the jobs for so short a time that the first of them goes one piece further."""
    ticks = count(0.0, 0.5)
    return run_jobs(replace(deployment, monotonic=lambda: next(ticks)), 3.0, Tally())
