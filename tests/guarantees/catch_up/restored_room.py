"""A room whose tables go back to an earlier state, and people who follow it meanwhile."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.deployment import Deployment
from chat.operations.on_message import on_message
from chat.operations.remove_member import remove_member
from chat.operations.sync import sync
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Item, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage import keys
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    Clock,
    new_room,
    partition,
    process,
    read,
    read_changes,
    send,
    table_name,
)


@dataclass
class RestoredRoom:
    """The room in its tables. `generation` is what the deployment says."""

    client: Any
    clock: Clock = field(default_factory=Clock)
    generation: int = 1
    id: str = ""
    owner: str = field(default_factory=lambda: f"ann-{uuid.uuid4().hex[:8]}")
    member: str = field(default_factory=lambda: f"bob-{uuid.uuid4().hex[:8]}")
    saved: list[Item] = field(default_factory=list)
    subscribed: list[tuple[int, int]] = field(default_factory=list)
    """Epochs in which somebody subscribed, each with the generation of that time."""

    def __post_init__(self) -> None:
        self.id = new_room(self.client, members={self.owner: "owner", self.member: "member"})

    def process(self) -> Deployment:
        """Whatever calls the chat next: it remembers nothing."""
        self.clock.jump(1_000)
        return process(self.client, self.clock, generation=self.generation)

    def head(self) -> Mapping[str, Any]:
        """The schema's `RoomHead`."""
        return read(self.process(), self.id, self.member, limit=1).head.to_wire()

    def send(self, text: str = "hi") -> Message:
        return send(self.process(), self.id, self.owner, text)

    def remove_member(self) -> Message:
        arguments = {"roomId": self.id, "userId": self.member}
        return remove_member(self.process(), Caller(self.owner), arguments, Tally())

    def changes_since(self, head: Mapping[str, Any]) -> dict[str, Any]:
        return read_changes(self.process(), self.id, self.member, since=head["rev"], after=head["ts"])

    def subscribe(self) -> None:
        ours, epoch = self.process(), self.head()["epoch"]
        on_message(ours, Caller(self.member), {"roomId": self.id, "epoch": epoch}, allow_unfenced=False)
        self.subscribed.append((epoch, self.generation))

    def heard_from_before(self, epoch: int | None) -> bool:
        """Whether somebody who subscribed in an earlier generation hears what is published in this epoch."""
        return any(epoch == own and born < self.generation for own, born in self.subscribed)

    def save(self) -> None:
        self.saved = self._items()

    def restore(self, generations: int) -> None:
        """The tables go back to what was saved, and the deployment is told so many generations."""
        room = Room.parse(self.id)
        for item in self._items():
            self.client.delete_item(
                TableName=table_name(room), Key={name: item[name] for name in ("PK", "SK")}
            )
        for item in self.saved:
            self.client.put_item(TableName=table_name(room), Item=item)
        self.generation += generations
        self.clock.jump(60_000)

    def _items(self) -> list[Item]:
        room = Room.parse(self.id)
        own = partition(self.client, table_name(room), room.partition_key)
        for user in (self.owner, self.member):
            theirs = partition(self.client, table_name(room), keys.user_partition(user))
            own += [item for item in theirs if room.partition_key in item["SK"]["S"]]
        return own


@dataclass
class Follower:
    """What a client has of a room. `twice`: numbers that it was given again, for another message, without
    having been told to start afresh in between."""

    room: RestoredRoom
    held: dict[int, str] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)
    resets: int = 0

    def take(self, messages: Iterable[Mapping[str, Any]]) -> None:
        for message in messages:
            if self.held.setdefault(message["seq"], message["id"]) != message["id"]:
                self.twice.append(message["seq"])

    def reset(self) -> None:
        self.held.clear()
        self.resets += 1

    def step(self, limit: int) -> None:
        """Ask once."""
        raise NotImplementedError


@dataclass
class BySync(Follower):
    token: str | None = None

    def step(self, limit: int) -> None:
        arguments = {"since": self.token, "limit": limit}
        ours = self.room.process()
        while True:
            answer = sync(ours, CURSOR_KEYS, Caller(self.room.member), arguments, Tally())
            self.token = answer["token"]
            for each in answer["rooms"]:
                if each["roomId"] == self.room.id:
                    if each["reset"]:
                        self.reset()
                    self.take(each["messages"])
                    return
            if not answer["more"]:
                return
            arguments["since"] = self.token


@dataclass
class ByChanges(Follower):
    head: Mapping[str, Any] | None = None
    next_token: str | None = None

    def step(self, limit: int) -> None:
        ours = self.room.process()
        if self.head is None:
            self.head = self.room.head()
            self.reset()
            return
        since = {"since": self.head["rev"], "after": self.head["ts"]}
        page = read_changes(
            ours, self.room.id, self.room.member, **since, limit=limit, nextToken=self.next_token
        )
        if page["reset"]:
            self.reset()
        self.take(page["items"])
        self.next_token = page["nextToken"]
        if self.next_token is None:
            self.head = page["head"]


@dataclass
class ByMessages(Follower):
    """Oldest first, page by page."""

    next_token: str | None = None

    def step(self, limit: int) -> None:
        ours = self.room.process()
        arguments = {"order": "OLDEST_FIRST", "limit": limit, "nextToken": self.next_token}
        try:
            page = read(ours, self.room.id, self.room.member, **arguments)
        except InvalidInput as refusal:
            if refusal.values.get("reason") != "reset":
                raise
            self.next_token = None
            self.reset()
            return
        if self.next_token is None:
            self.reset()  # whoever begins anew holds nothing
        self.take(item.to_wire() for item in page.items)
        self.next_token = page.next_token


WAYS: Mapping[str, Callable[[RestoredRoom], Follower]] = {
    "sync": BySync,
    "changes": ByChanges,
    "messages": ByMessages,
}
