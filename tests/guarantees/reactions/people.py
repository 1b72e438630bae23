"""People who react, in rooms whose reactions are summarised in process."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.operations.my_reactions import my_reactions
from chat.operations.react import react
from chat.operations.reactions import reactions
from chat.rules.errors import ChatError
from chat.rules.models import Caller, Message
from chat.rules.projections import Change
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.summarise_reactions import ReactionSummaries
from chat.storage import keys
from chat.storage.event_items import event_of
from tests.guarantees.support.fixtures import CURSOR_KEYS, Clock, partition, plain, process, table_name
from tests.guarantees.support.projected import Projected, Stream

SHORT_CODES = (":party_parrot:", ":shipit:")


def react_to(
    deployment: Deployment, message: Message, user: str, emoji: str = "👍", *, on: bool | None = None
) -> dict[str, Any]:
    arguments = {"roomId": message.room_id, "id": message.id, "emoji": emoji, "on": on}
    return react(deployment, SHORT_CODES, Caller(user), arguments, Tally())


def refusal_of(
    deployment: Deployment, message: Message, user: str, emoji: str = "👍", *, on: bool | None = None
) -> ChatError:
    """Raises `AssertionError` where it is not refused."""
    try:
        react_to(deployment, message, user, emoji, on=on)
    except ChatError as refusal:
        return refusal
    raise AssertionError("not refused")


def who_reacts(
    deployment: Deployment, message: Message, user: str, limit: int = 100, **arguments: Any
) -> list[tuple[str, str]]:
    """Everybody who reacts to a message with what, by following the cursor to its end."""
    found, token = [], None
    while True:
        given = {"roomId": message.room_id, "id": message.id, "limit": limit, "nextToken": token, **arguments}
        page = reactions(deployment, CURSOR_KEYS, Caller(user), given, Tally())
        assert len(page["items"]) <= limit
        found += [(each["emoji"], each["userId"]) for each in page["items"]]
        token = page["nextToken"]
        if token is None:
            return found


def mine(deployment: Deployment, user: str, *messages: Message) -> dict[str, set[str]]:
    given = {"roomId": messages[0].room_id, "ids": [each.id for each in messages]}
    return {each["id"]: set(each["emoji"]) for each in my_reactions(deployment, Caller(user), given, Tally())}


class ReactingRoom:
    """Tables whose stream is summarised, a process of the chat and one of the projection, on one clock."""

    def __init__(self, client: Any, batch_size: int = 100) -> None:
        self.clock = Clock()
        self.stream = Stream(client)
        self.client = self.stream.client
        self.people = process(self.client, self.clock)
        self.summaries = ReactionSummaries(process(self.client, self.clock))
        self.projected = Projected(self.stream, [self.summaries], batch_size)

    def item(self, message: Message) -> dict[str, Any]:
        """A message as it is stored."""
        room = Room.parse(message.room_id)
        sort_key = keys.message(message.ts, message.id)
        (item,) = partition(self.client, table_name(room), room.partition_key, sort_key)
        return plain(item)

    def shown(self, message: Message) -> dict[str, tuple[int, list[str]]]:
        """What a message says of its reactions: how many, and who, by emoji."""
        return shown_in(self.item(message).get("reactions"))

    def entries(self, room_id: str) -> list[dict[str, Any]]:
        """The entries of the room's change log about reactions."""
        items = partition(
            self.client, table_name(Room.parse(room_id)), Room.parse(room_id).partition_key, "CHG#"
        )
        return [each for each in map(plain, items) if each["kind"] == "reacted"]

    def told(self, room_id: str) -> list[dict[str, Any]]:
        """The events about reactions, each with its notice's reactions."""
        items = partition(
            self.client, table_name(Room.parse(room_id)), Room.parse(room_id).partition_key, "EVT#"
        )
        found = [each for each in map(plain, items) if each["kind"] == "REACTIONS_CHANGED"]
        return [each | {"reactions": json.loads(each["notices"])[0]["reactions"]} for each in found]

    def marks(self, room_id: str) -> list[dict[str, Any]]:
        room = Room.parse(room_id)
        found = partition(
            self.client, table_name(room), keys.reactions_of_room(room.partition_key), keys.DIRTY
        )
        return list(map(plain, found))


def shown_in(summary: str | None) -> dict[str, tuple[int, list[str]]]:
    return {each["emoji"]: (each["count"], each["userIds"]) for each in json.loads(summary or "[]")}


def counted(pairs: Mapping[tuple[str, str], bool] | set[tuple[str, str]]) -> dict[str, int]:
    """How many react with each emoji, of pairs of emoji and user."""
    return dict(Counter(emoji for emoji, _ in pairs))


def changes_of(world: ReactingRoom, since: int = 0, upto: int | None = None) -> list[Change]:
    """Some of the stream's records as the projection gets them."""
    images = [(record, record["dynamodb"]["NewImage"]) for record in world.stream.records[since:upto]]
    return [
        Change(record, image, None if is_counter(image) else event_of(image))
        for record, image in images
        if is_counter(image) or event_of(image)
    ]


def is_counter(image: Any) -> bool:
    return bool(image["PK"]["S"].startswith("REACT#"))
