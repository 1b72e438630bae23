"""Clients with copies of rooms, kept by `sync`, by `changes` and by live
events; and AppSync's part in the latter."""

from copy import deepcopy
from dataclasses import dataclass, field

from graphql import parse

from chat.deployment import Deployment
from chat.operations.on_message import on_message
from chat.operations.publish_message import publish_message
from chat.rules.erasure import ERASED_SENDER
from chat.rules.errors import ChatError
from schema import generate
from simulator import strict_json
from simulator.schema import appsync_schema, subscriptions_by_mutation
from simulator.subscriptions import Registry, Selection
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import Wire, call, caller_of
from tests.guarantees.support.publishing import feeding


@dataclass
class Copy:
    """What a client has of a room. `unread`: what the latest `sync` answered, while that was just now."""

    room: Wire | None = None
    head: Wire | None = None
    unread: int | None = None
    messages: dict[str, Wire] = field(default_factory=dict)
    erased: list[Wire] = field(default_factory=list)
    afresh: bool = False
    token: str | None = None

    def start_afresh(self) -> None:
        self.messages, self.afresh, self.token = {}, True, None

    def take(self, message: Wire) -> None:
        """Put a message in its place, unless a later state of it is there.
        Neither notices nor expired messages."""
        is_message = not message["notice"] and (message["text"] is not None or message["removedAt"])
        if is_message and message["senderId"] != ERASED_SENDER and self._is_erased(message):
            return  # told live before, and late
        known = self.messages.get(message["id"])
        if is_message and (known is None or (message["rev"] or 0) >= (known["rev"] or 0)):
            self.messages[message["id"]] = message

    def drop(self, runs: list[Wire]) -> None:
        """Messages with these numbers, whose senders were erased, and what may still come of them."""
        self.erased += runs
        self.messages = {
            name: each
            for name, each in self.messages.items()
            if each["senderId"] == ERASED_SENDER or not self._is_erased(each)
        }

    def _is_erased(self, message: Wire) -> bool:
        return any(run["from"] <= message["seq"] <= run["to"] for run in self.erased)

    def read_afresh(self, deployment: Deployment, user: str, room_id: str, limit: int) -> Wire | Refusal:
        """One page of the history, oldest first; after the last one it is not `afresh` any more."""
        arguments = {"roomId": room_id, "order": "OLDEST_FIRST", "limit": limit, "nextToken": self.token}
        page: Wire | Refusal = call(deployment, user, "messages", **arguments)
        if isinstance(page, Refusal):
            self.start_afresh()
            return page
        for message in page["items"]:
            self.take(message)
        self.token = page["nextToken"]
        self.afresh = self.token is not None
        if self.afresh and not page["items"]:
            deployment.sleep(1)
        return page


@dataclass
class Subscription:
    """`is_complete`: nothing was missed since the copy was compared; `has_ended`:
    the last event of its epoch was received."""

    epoch: int
    handle: object
    is_complete: bool = False
    has_ended: bool = False


@dataclass
class Client:
    """Keeps copies of all rooms of `user` by `sync`, and gets live events in `inbox` meanwhile."""

    user: str
    copies: dict[str, Copy] = field(default_factory=dict)
    token: str | None = None
    named: set[str] | None = None
    inbox: list[Wire] = field(default_factory=list)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def sync(self, deployment: Deployment, limit: int, *, loses_token: bool = False) -> tuple[bool, int]:
        """Take in one answer; whether there is more, and how many rooms were named. With `loses_token` the
        client ends before it has kept the new token, and with it the answer: the two are kept together."""
        kept = deepcopy((self.copies, self.named)) if loses_token else None
        answer = call(deployment, self.user, "sync", since=self.token, limit=limit)
        assert not isinstance(answer, Refusal), answer
        assert sum(len(each["messages"]) for each in answer["rooms"]) <= limit
        if answer["reset"] and self.named is None:
            self.named = set()
        assert answer["more"] or not any(each["more"] for each in answer["rooms"])
        for each in answer["rooms"]:
            if self.named is not None:
                self.named.add(each["roomId"])
            self._take(each)
        self.token = self.token if loses_token else answer["token"]
        if answer["more"] and not any(each["messages"] for each in answer["rooms"]):
            deployment.sleep(1)
        if not answer["more"] and self.named is not None:
            self.copies = {name: copy for name, copy in self.copies.items() if name in self.named}
            self.named = None
        if kept:
            self.copies, self.named = kept
        return answer["more"], len(answer["rooms"])

    def _take(self, each: Wire) -> None:
        if each["left"]:
            assert not each["messages"]
            assert each["head"] is None
            self.copies.pop(each["roomId"], None)
            return
        copy = self.copies.setdefault(each["roomId"], Copy())
        if each["reset"]:
            copy.start_afresh()
        numbers = [message["seq"] for message in each["messages"] if message["rev"] is None]
        assert numbers == sorted(set(numbers))
        for message in each["messages"]:
            copy.take(message)
        copy.drop(each["erased"] or [])
        copy.head = each["head"]
        copy.room = each["room"] or copy.room
        copy.unread = each["unread"]

    def read_afresh(self, deployment: Deployment, limit: int) -> bool:
        """One page of a room whose messages were to be forgotten; whether there was one. Of a room that
        the user has left meanwhile there is none, and `sync` will say so."""
        return any(
            not isinstance(copy.read_afresh(deployment, self.user, name, limit), Refusal)
            for name, copy in self.copies.items()
            if copy.afresh
        )

    def catch_up(self, deployment: Deployment, limit: int) -> None:
        """`sync` until a whole round brings nothing new, and every page of what was to be forgotten."""
        for copy in self.copies.values():
            copy.unread = None
        for _ in range(200):
            more, rooms = self.sync(deployment, limit)
            while self.read_afresh(deployment, 100):
                pass
            if not (more or rooms):
                return
        raise AssertionError("sync does not end")

    def receive(self, message: Wire) -> None:
        """A live event."""
        room_id = message["roomId"]
        if copy := self.copies.get(room_id):
            copy.take(message)
        subscription = self.subscriptions.get(room_id)
        notice = message["notice"]
        if subscription and notice and notice["nextEpoch"]:
            subscription.has_ended |= message["epoch"] == subscription.epoch


@dataclass
class Follower:
    """Keeps a copy of one room by `changes`."""

    user: str
    room_id: str
    copy: Copy = field(default_factory=lambda: Copy(afresh=True))
    base: Wire | None = None
    token: str | None = None

    def page(self, deployment: Deployment, limit: int) -> bool | Refusal:
        """Take in one page of `messages` or, once these are read, of
        `changes`; whether it was the last one."""
        if self.copy.afresh:
            is_first = self.copy.token is None
            page = self.copy.read_afresh(deployment, self.user, self.room_id, limit)
            if isinstance(page, Refusal):
                return page
            self.base = page["head"] if is_first else self.base
            return False
        assert self.base
        arguments = {
            "since": self.base["rev"],
            "after": self.base["ts"],
            "limit": limit,
            "nextToken": self.token,
        }
        answer = call(deployment, self.user, "changes", roomId=self.room_id, **arguments)
        if isinstance(answer, Refusal) or answer["reset"]:
            self.copy.start_afresh()
            self.token = None
            return answer if isinstance(answer, Refusal) else False
        assert len(answer["items"]) <= limit
        for message in answer["items"]:
            self.copy.take(message)
        self.copy.drop(answer["erased"] or [])
        self.token = answer["nextToken"]
        if self.token is None:
            self.base = answer["head"]
        elif not answer["items"]:
            deployment.sleep(1)  # what is missing may be on its way, or gone: ten seconds later that is known
        return self.token is None


_QUERY = """subscription Live($roomId: ID!, $epoch: Int) { onMessage(roomId: $roomId, epoch: $epoch) {
  id roomId roomType guildId senderId text ts seq epoch clientMessageId rev editedAt removedAt erased version
  attachments { id name contentType size } replyTo mentions mentionsAll reactions { emoji count userIds }
  quote { id roomId senderId text ts seq rev removedAt erased attachments { id name contentType size } }
  notice { kind userId role mutedUntil nextEpoch rev room { roomId name visibility slowModeSeconds retentionDays } }
} }"""


class FanOut:
    """Publishes the answers of mutations, by the simulator's own rule: a
    subscription's arguments equal the answer's fields."""

    def __init__(self, publish: str) -> None:
        schema = appsync_schema(generate(publish=publish))
        self._publish = publish
        self._document = parse(_QUERY)
        self._registry = Registry(schema, subscriptions_by_mutation(schema), 240_000)

    def subscribe(self, deployment: Deployment, client: Client, room_id: str, epoch: int) -> Refusal | None:
        """Live from here on, in the place of the subscription to the room that there was; or the refusal."""
        arguments = {"roomId": room_id, "epoch": epoch}
        try:
            on_message(deployment, caller_of(client.user), arguments)
        except ChatError as refusal:
            return Refusal(refusal.code)
        if earlier := client.subscriptions.get(room_id):
            self._registry.remove(earlier.handle)
        selection = Selection("onMessage", self._document, _QUERY, "Live", arguments, arguments)
        handle = self._registry.add(selection, lambda frame: self._deliver(client, frame))
        client.subscriptions[room_id] = Subscription(epoch, handle)
        return None

    def unsubscribe(self, subscription: Subscription) -> None:
        self._registry.remove(subscription.handle)

    def _deliver(self, client: Client, frame: bytes) -> None:
        payload = strict_json.loads(frame)
        assert "errors" not in payload, payload
        client.inbox.append(payload["data"]["onMessage"])

    def publish(self, mutation: str, answer: Wire) -> None:
        source = feeding(self._publish, mutation)
        if source == mutation:
            self._registry.publish(mutation, answer)
        elif answer["epoch"] is not None:  # else it is said again, and heard by nobody
            self._registry.publish(source, publish_message({"message": answer}))
