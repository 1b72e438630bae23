"""A test harness for the functions: events go in, answers and refusals
come out, and what is stored is compared."""

import asyncio
import copy
import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chat.deployment import Deployment
from chat.rules.cursor import CursorKeys, seal
from chat.rules.events import RoomEvent
from chat.rules.models import Item, Role
from chat.rules.rooms import Room, is_user_id
from chat.steps.new_room import add_room
from chat.storage import keys
from chat.storage.event_items import event_of
from chat_lambda import compose
from simulator import demo, event_rooms
from simulator.functions import FunctionError, Functions, functions_from_wiring
from simulator.keys import SigningKey
from simulator.placeholders import filled
from simulator.settings import TABLES, WIRING
from tests.guarantees.support.fixtures import FAST, partition, plain, table_name
from tests.resolvers.rights import Rights

LOBBY: Mapping[str, Role] = {"alice": "owner", "bob": "member"}
DRAGONS: Mapping[str, Role] = {"alice": "owner", "carol": "member"}

MANY = 30
"""Items of a user, above which those of earlier tests' rooms are deleted: nearly each test reads them all four times."""

ROOM_MADE = re.compile(r"r-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Event = dict[str, Any]
Stored = dict[tuple[str, str, str], Item]


@dataclass(frozen=True)
class Refusal:
    """What AppSync shows of a raised error: `errorType` and `message`."""

    error_type: str
    message: str

    @property
    def values(self) -> dict[str, str]:
        """The machine values in the message's brackets, without the code, which is the type."""
        found = re.fullmatch(r".+ \[([^\[\]]+)\]", self.message)
        assert found, self.message
        code, *others = (part.split("=", 1) for part in found[1].split(" "))
        assert code == ["code", self.error_type]
        return dict(others)


def partitions_of_rooms(arguments: Mapping[str, Any], prefix: str) -> list[str]:
    """The partitions that belong to the rooms in `arguments`: their own and, where
    a client reports, what is counted there."""
    found = [f"{prefix}{arguments.get('roomId')}"]
    found += [f"LEDGER#{found[0]}"] if "seq" in arguments else []
    found += [f"LEDGER#{prefix}{each['roomId']}" for each in arguments.get("rooms") or ()]
    for each in arguments.get("people") or ():
        found += partitions_of_rooms(each, prefix)[1:] if isinstance(each, dict) else []
    if watching := arguments.get("watching"):
        found += [f"LIVE#{prefix}{watching}#{shard}" for shard in range(10)]
    return found


def has_expired(item: Item) -> bool:
    """Whether the engine may have deleted the item by itself: DynamoDB Local does within minutes, whatever runs."""
    return "expiresAt" in item and int(item["expiresAt"]["N"]) < time.time()


@dataclass
class Harness:
    """The functions as AppSync calls them, over tables that a test can read."""

    project: Path
    key: SigningKey
    client: Any
    functions: Functions = field(
        default_factory=lambda: functions_from_wiring(json.loads(WIRING.read_text(encoding="utf-8")))
    )
    deployment: Deployment = field(default_factory=compose.deployment)
    cursor_keys: CursorKeys = field(default_factory=compose.cursor_keys)
    rights: Rights = field(init=False)
    made: set[str] = field(default_factory=set)
    oversized: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rights = Rights(self.deployment.store)

    def room(
        self,
        members: Mapping[str, Role] = LOBBY,
        *,
        guild: bool = False,
        settings: Mapping[str, Any] = FAST,
    ) -> str:
        """A new room, by its id."""
        room_id = f"{'GUILD#' if guild else ''}r-{uuid.uuid4()}"
        assert add_room(self.deployment.store, Room.parse(room_id), members, settings)
        self.made.add(room_id.removeprefix("GUILD#"))
        return room_id

    def event(self, name: str, /, user: str | None = None, **arguments: object) -> Event:
        """An event of `events/`, with other arguments and another user where given."""
        text = (self.project / "events" / f"{name}.json").read_text(encoding="utf-8")
        event: Event = self.filled(json.loads(text))
        event.get("arguments", {}).update(arguments)
        if user is not None:
            event["identity"]["resolverContext"]["userId"] = user
        return event

    def filled(self, event: Event) -> Event:
        """An event with the tokens that it asks for."""
        with_tokens: Event = filled(event, self.key, now=int(time.time()))
        return with_tokens

    def prepared(self, name: str) -> Event:
        """An event of `events/` as it stands, but in a new room instead of the
        one that it names, if that is one."""
        event = self.event(name)
        room_id = event["arguments"]["roomId"]
        if room_id in demo.ROOMS or room_id in event_rooms.ROOMS:
            is_guild = Room.parse(room_id).type == "guild"
            event["arguments"]["roomId"] = self.room(DRAGONS if is_guild else LOBBY, guild=is_guild)
        return event

    def invoke(self, event: object) -> Any:
        """The answer, or the `Refusal`, of the function that the event is for."""
        info = event.get("info") if isinstance(event, dict) else None
        name = f"{info['parentTypeName']}.{info['fieldName']}" if isinstance(info, dict) else "authorizer"
        return self.call(name, event)

    def call(self, name: str, event: Any) -> Any:
        """The answer, or the `Refusal`, of the function with this name,
        whose requests stayed within its rights."""
        self.rights.begin()
        try:
            return asyncio.run(self.functions.invoke(name, event))
        except FunctionError as error:
            return Refusal(error.error_type, error.message)
        finally:
            assert self.rights.lacking(name) == set()

    def run(self, event: Event, *, writes: list[str], function: str | None = None) -> Any:
        """The outcome of an event that changes items of these kinds, and no
        others, where its room and its users lie."""
        before = self.stored(event)
        outcome = self.call(function, event) if function else self.invoke(event)
        after = self.stored(event)
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        changed -= {key for key in before.keys() - after.keys() if has_expired(before[key])}
        assert sorted(sort_key.split("#")[0] for _, _, sort_key in changed) == sorted(writes), sorted(changed)
        self.check_answer(
            outcome, [event_of(after[key]) for key in changed if key[2].startswith(keys.EVENTS)]
        )
        return outcome

    def check_answer(self, outcome: Any, events: list[RoomEvent | None]) -> None:
        """Whoever changes a room is answered what its event says to everybody."""
        if isinstance(outcome, dict) and outcome.get("notice") and events:
            assert [message for event in events if event for message in event.messages()] == [outcome]

    def refused(
        self, event: Event, error_type: str, function: str | None = None, **values: object
    ) -> Refusal:
        """The refusal of an event, after which everything is as before.
        `values` are the machine values, all of them."""
        outcome = self.run(copy.deepcopy(event), writes=[], function=function)
        assert isinstance(outcome, Refusal), outcome
        assert (outcome.error_type, outcome.values) == (error_type, {n: str(v) for n, v in values.items()})
        return outcome

    def stored(self, event: Event) -> Stored:
        """Everything in the partitions that an event could touch, in both tables."""
        arguments, identity = event.get("arguments"), event.get("identity")
        arguments = arguments if isinstance(arguments, dict) else {}
        context = identity.get("resolverContext") if isinstance(identity, dict) else None
        named = [context.get("userId") if isinstance(context, dict) else None, arguments.get("userId")]
        named += [each.get("userId") for each in arguments.get("people") or () if isinstance(each, dict)]
        users = [keys.user_partition(user) for user in dict.fromkeys(filter(is_user_id, named))]
        return {
            (table, item["PK"]["S"], item["SK"]["S"]): item
            for table, prefix in ((TABLES["CORE_TABLE"], "ROOM#"), (TABLES["GUILD_TABLE"], ""))
            for partition_key in users + partitions_of_rooms(arguments, prefix)
            if partition_key and "\ud800" not in partition_key
            for item in self.partition(table, partition_key)
        }

    def partition(self, table: str, partition_key: str) -> list[Item]:
        items = partition(self.client, table, partition_key)
        if partition_key.startswith("USER#") and len(items) > MANY:
            self.oversized.add((table, partition_key))
        return items

    def forget_old_rooms(self) -> None:
        """Delete what users have of rooms of earlier tests: all events are by
        the same few, who would have thousands."""
        oversized, self.oversized = self.oversized, set()
        for table, partition_key in oversized:
            deleted = [
                {"DeleteRequest": {"Key": {name: item[name] for name in ("PK", "SK")}}}
                for item in self.partition(table, partition_key)
                if self.made.intersection(ROOM_MADE.findall(item["SK"]["S"]))
            ]
            for begin in range(0, len(deleted), 25):
                self.client.batch_write_item(RequestItems={table: deleted[begin : begin + 25]})
        self.oversized.clear()

    def item(self, room_id: str, sort_key: str, user: str | None = None) -> dict[str, Any]:
        """One item of a room's partition or of a user's, as plain values."""
        room = Room.parse(room_id)
        items = self.partition(table_name(room), keys.user_partition(user) if user else room.partition_key)
        (found,) = [item for item in items if item["SK"]["S"].startswith(sort_key)]
        return plain(found)

    def member(self, room_id: str, user: str, **changes: int | str) -> None:
        """Change a membership, as a moderator would."""
        self.change(room_id, keys.user_partition(user), f"IN#{Room.parse(room_id).partition_key}", **changes)

    def receipts(self, room_id: str, user: str, **changes: int | str) -> None:
        """Change a user's receipts."""
        self.change(room_id, keys.user_partition(user), f"AT#{Room.parse(room_id).partition_key}", **changes)

    def head(self, room_id: str, **changes: int | str) -> None:
        """Change a room's head."""
        self.change(room_id, Room.parse(room_id).partition_key, "HEAD", **changes)

    def roster(self, room_id: str, *users: str) -> None:
        """List users among a room's members."""
        for user in users:
            self.change(room_id, Room.parse(room_id).partition_key, keys.roster(user), role="member")

    def change(self, room_id: str, partition_key: str, sort_key: str, **changes: int | str) -> None:
        """Write attributes of an item in the room's table, made where it is absent."""
        for name, value in changes.items():
            self.client.update_item(
                TableName=table_name(Room.parse(room_id)),
                Key={"PK": {"S": partition_key}, "SK": {"S": sort_key}},
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={
                    ":value": {"S": value} if isinstance(value, str) else {"N": str(value)}
                },
            )

    def send(self, room_id: str, *texts: str, user: str = "alice") -> list[dict[str, Any]]:
        """Send messages, one after the other."""
        answers = [
            self.invoke(
                self.event(
                    "Mutation.sendMessage",
                    user,
                    roomId=room_id,
                    text=text,
                    clientMessageId=f"c-{uuid.uuid4()}",
                )
            )
            for text in texts
        ]
        assert not [answer for answer in answers if isinstance(answer, Refusal)]
        return answers

    def cursor(self, cursor: Any) -> str:
        return seal(cursor, self.cursor_keys)
