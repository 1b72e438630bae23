"""What a check has in its hands: people, rooms, and a chat's operations as the mapping names them."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from proving.check import Cost, Failed, Skipped, require
from proving.client import Client, Listener, Subscription
from proving.graphql_http import Answer, Refusal, at
from proving.limits import PAGES, WAIT_S
from proving.mapping import Mapping as ChatMapping
from proving.people import Person

Message = Mapping[str, Any]
"""By the names of the mapping: `id`, `text`, and what else it has."""

WARM_UPS = 3
"""How often a message is sent until a subscription brings one: `start_ack` does not promise that it is live at once
(https://github.com/aws/aws-appsync-community/issues/405)."""
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Room:
    id: str
    owner: Person
    member: Person


@dataclass(eq=False, slots=True)
class Run:
    """What outlives a check: the rooms that were made, and one of them for each cast.

    `ended`: those that are gone already. `name`: of this run, part of whatever it makes; `numbers`: of its rooms, of which
    several may be made at once.
    """

    client: Client
    mapping: ChatMapping
    people: tuple[Person, ...]
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:10])
    rooms: list[Room] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    shared: dict[str, Room] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    spent: Cost = field(default_factory=Cost)
    _last_ms: int = 0

    def clock(self) -> str:
        """An instant for documents that ask their client for one; never the same twice."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return (
            datetime.fromtimestamp(self._last_ms / 1_000, UTC).isoformat(timespec="milliseconds")[:23] + "Z"
        )


@dataclass(eq=False, slots=True)
class World:
    """One check's. `allowed`: what it may still make."""

    run: Run
    owner: Person
    member: Person
    stranger: Person
    allowed: Cost

    @property
    def mapping(self) -> ChatMapping:
        return self.run.mapping

    def need(self, *operations: str) -> None:
        """Raises `Skipped` where the mapping has not all of them."""
        if missing := [each for each in operations if each not in self.mapping.operations]:
            raise Skipped(f"the mapping has no operation {', '.join(missing)}")

    def need_field(self, *names: str) -> None:
        if missing := [each for each in names if each not in self.mapping.message]:
            raise Skipped(f"the mapping's messages have no {', '.join(missing)}")

    def need_variable(self, operation: str, variable: str) -> None:
        if variable not in self.mapping.operations[operation].variables:
            raise Skipped(f"the mapping's {operation} takes no {variable}")

    def _spend(self, cost: Cost) -> None:
        left = Cost(
            *(getattr(self.allowed, n) - getattr(cost, n) for n in ("rooms", "messages", "connections"))
        )
        if min(left.rooms, left.messages, left.connections) < 0:
            raise Failed(f"the check would make more than was announced: {cost}")
        self.allowed = left
        self.run.spent += cost

    # Calls

    async def ask(self, person: Person, operation: str, *, document: str = "", **values: Any) -> Answer:
        """One call, as it is answered. What is None is not sent. `document`: in place of the mapping's."""
        self.need(operation)
        found = self.mapping.operations[operation]
        given = {n: v for n, v in values.items() if n in found.variables and v is not None}
        return await self.run.client.ask(person.token, document or found.document, given)

    async def call(self, person: Person, operation: str, *, document: str = "", **values: Any) -> Answer:
        """The same, waiting as long as a refusal for too high a rate says, and asking once more where the chat is busy.
        What is asked again is named as before."""
        waited, pause = 0.0, 0.1
        while True:
            answer = await self.ask(person, operation, document=document, **values)
            refusal = answer.refusal
            if refusal is None:
                return answer
            if self.is_kind(refusal, "limited") and refusal.retry_after_s is not None:
                pause = refusal.retry_after_s + 0.05
            elif not (answer.status == 200 and refusal.type == "ServiceUnavailable"):
                return answer
            waited += pause
            if waited > WAIT_S:
                return answer
            await asyncio.sleep(pause)
            pause *= 2

    async def done(self, person: Person, operation: str, **values: Any) -> Answer:
        """A call that is to be answered without errors. Raises `Failed`."""
        answer = await self.call(person, operation, **values)
        require(answer.status == 200 and not answer.errors, f"{operation} was answered {answer}")
        return answer

    async def refused(self, person: Person, operation: str, kind: str, **values: Any) -> Refusal:
        """A call that is to be refused, by a name of this kind where the mapping names any. Raises `Failed`."""
        answer = await self.call(person, operation, **values)
        refusal = answer.refusal
        if refusal is None:
            raise Failed(f"{operation} was not refused: {answer}")
        self.expect_kind(refusal, kind)
        return refusal

    def is_kind(self, refusal: Refusal, kind: str) -> bool:
        return refusal.type in self.mapping.refusals.get(kind, ())

    def expect_kind(self, refusal: Refusal, kind: str) -> None:
        names = self.mapping.refusals.get(kind)
        require(
            not names or refusal.type in names,
            f"refused by {refusal}, and not by {' or '.join(sorted(names or ()))}",
        )

    def expect_refused(self, refusal: Refusal | None, kind: str, otherwise: str) -> None:
        """Raises `Failed`: with `otherwise` where nothing was refused."""
        if refusal is None:
            raise Failed(otherwise)
        self.expect_kind(refusal, kind)

    def value(self, answer: Answer, operation: str, path: str) -> Any:
        return at(answer.data, self.mapping.operations[operation].paths[path])

    # Rooms

    async def room(self) -> Room:
        """The room that checks share which change nothing of its people."""
        if self.owner.user_id not in self.run.shared:
            self.run.shared[self.owner.user_id] = await self._make_room()
        return self.run.shared[self.owner.user_id]

    async def new_room(self) -> Room:
        """One of the check's own."""
        self._spend(Cost(rooms=1))
        return await self._make_room()

    async def _make_room(self) -> Room:
        name = f"proving-{self.run.name}-{next(self.run.numbers)}"
        answer = await self.done(
            self.owner, "create_room", name=name, clock=self.run.clock(), user=self.owner.user_id
        )
        id_ = self.value(answer, "create_room", "room")
        require(isinstance(id_, str) and id_, f"create_room names no room: {answer}")
        room = Room(id_, self.owner, self.member)
        self.run.rooms.append(room)
        if "add_member" in self.mapping.operations:
            await self.add(room, self.member)
        return room

    async def add(self, room: Room, person: Person) -> None:
        """Takes somebody in; who was only invited accepts."""
        await self.done(room.owner, "add_member", room=room.id, user=person.user_id)
        if (
            "join" in self.mapping.operations
            and (await self.call(person, "history", room=room.id, limit=1)).errors
        ):
            await self.done(person, "join", room=room.id, user=person.user_id)

    # Messages

    def read_message(self, value: object, seen: str) -> Message:
        """By the mapping's names. Raises `Failed`."""
        message = {name: at(value, path) for name, path in self.mapping.message.items()}
        require(isinstance(message["id"], str) and message["id"], f"no message: {seen[:500]}")
        require(isinstance(message["text"], str | None), f"a text that is none: {message['text']!r}")
        return message

    async def send(
        self, person: Person, room: Room, text: str, *, key: str | None = None, clock: str | None = None
    ) -> Message:
        """A message that is acknowledged. Raises `Failed`."""
        answer = await self.try_send(person, room, text, key=key, clock=clock)
        require(answer.status == 200 and not answer.errors, f"send was answered {answer}")
        return self.read_message(self.value(answer, "send", "message"), str(answer))

    async def try_send(
        self,
        person: Person,
        room: Room,
        text: str,
        *,
        key: str | None = None,
        clock: str | None = None,
        document: str = "",
    ) -> Answer:
        """A send as it is answered."""
        self._spend(Cost(messages=1))
        key, clock = key or str(uuid.uuid4()), clock or self.run.clock()
        return await self.call(
            person, "send", document=document, room=room.id, text=text, key=key, clock=clock
        )

    async def history(self, person: Person, room: Room, limit: int = 50) -> list[Message]:
        """All of it, the oldest first."""
        found = await self.pages(person, "history", limit, room=room.id)
        return found[::-1] if self.mapping.order == "newest_first" else found

    async def newest(self, person: Person, room: Room) -> list[Message]:
        """Its newest fifty messages, the oldest first; all where the chat's own order is that."""
        if self.mapping.order != "newest_first":
            return await self.history(person, room)
        answer = await self.done(person, "history", room=room.id, limit=50)
        return self._items(answer, "history")[::-1]

    async def after(self, person: Person, room: Room, last: Message, limit: int = 50) -> list[Message]:
        """What came after a message."""
        return await self.pages(person, "after", limit, room=room.id, after=last[self.mapping.after_field])

    async def pages(
        self, person: Person, operation: str, limit: int, most: int = PAGES, **values: Any
    ) -> list[Message]:
        """A list's pages, followed to the end, in their order. Raises `Failed` where there are more than `most`."""
        items: list[Message] = []
        cursor = None
        for _ in range(most):
            answer = await self.done(person, operation, limit=limit, cursor=cursor, **values)
            items += self._items(answer, operation)
            cursor = self.value(answer, operation, "next")
            if cursor is None:
                return items
        raise Failed(f"{operation} has more than {most} pages of {limit}")

    def _items(self, answer: Answer, operation: str) -> list[Message]:
        found = self.value(answer, operation, "items")
        require(isinstance(found, list), f"{operation} has no list: {answer}")
        return [self.read_message(each, str(answer)) for each in found]

    async def position(self, person: Person, room: Room) -> dict[str, Any]:
        """What documents are asked with that begin where the room is now: `epoch`, `since`, `after`. Empty where the
        mapping names none."""
        if "position" not in self.mapping.operations:
            return {}
        answer = await self.done(person, "position", room=room.id)
        paths = self.mapping.operations["position"].paths
        return {name: at(answer.data, path) for name, path in paths.items()}

    # Live

    @asynccontextmanager
    async def listening(self, person: Person) -> AsyncIterator[Listener]:
        """A connection that is acknowledged. Raises `Failed`."""
        async with self.connection(person.token) as listener:
            require(listener.heard.ack is not None, f"no connection_ack: {listener.heard.refusal}")
            yield listener
            require(
                not listener.heard.faults, f"what the protocol does not have: {listener.heard.faults[:3]}"
            )

    @asynccontextmanager
    async def connection(self, token: str) -> AsyncIterator[Listener]:
        self._spend(Cost(connections=1))
        async with self.run.client.listening(token) as listener:
            yield listener

    async def try_subscribe(
        self,
        listener: Listener,
        person: Person,
        room: Room,
        *,
        authorization: Mapping[str, str] | None = None,
        id_: str | None = None,
        **values: Any,
    ) -> Subscription:
        """A start that was answered, either way. `values` stand in place of the room's present position."""
        self.need("subscribe")
        found = self.mapping.operations["subscribe"]
        given = {"room": room.id, "user": person.user_id, **values}
        if "epoch" in found.variables and "epoch" not in values:
            given |= await self.position(room.owner, room)
        sent = {name: value for name, value in given.items() if name in found.variables and value is not None}
        return await listener.start(found.document, sent, authorization, id_)

    async def subscribe(
        self, listener: Listener, person: Person, room: Room, id_: str | None = None
    ) -> Subscription:
        """A subscription that is acknowledged. Raises `Failed`."""
        made = await self.try_subscribe(listener, person, room, id_=id_)
        heard = listener.heard
        require(
            made.id in heard.acknowledged, f"no start_ack: {heard.refused.get(made.id) or 'nothing came'}"
        )
        return made

    async def live(self, listener: Listener, person: Person, room: Room) -> Subscription:
        """A subscription that has brought a message. Costs up to `WARM_UPS` messages."""
        made = await self.subscribe(listener, person, room)
        for number in range(WARM_UPS):
            sent = await self.send(room.owner, room, f"is anybody there? {number}")
            if await self.brings(made, sent):
                return made
        raise Failed(
            f"acknowledged, and none of {WARM_UPS} messages came within {listener.patience_s} s each"
        )

    def messages_of(self, subscription: Subscription) -> list[Message]:
        """What a subscription brought; what has no text (a change of the room) is left out."""
        path = self.mapping.operations["subscribe"].paths["message"]
        values = [at(payload.get("data"), path) for payload in subscription.payloads]
        found = [
            {name: at(value, path) for name, path in self.mapping.message.items()}
            for value in values
            if value is not None
        ]
        return [each for each in found if each["text"] is not None]

    async def heard(self, subscription: Subscription, condition: Callable[[list[Message]], bool]) -> bool:
        """Whether a subscription's messages fulfil a condition within patience."""
        return bool(await subscription.listener.until(lambda: condition(self.messages_of(subscription))))

    async def brings(self, subscription: Subscription, message: Message) -> bool:
        """Whether a subscription brings a message within patience."""
        return await self.heard(subscription, lambda found: message["id"] in ids(found))


def ids(messages: list[Message]) -> list[str]:
    return [each["id"] for each in messages]


def texts(messages: list[Message]) -> list[str]:
    return [each["text"] for each in messages]
