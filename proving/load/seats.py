"""Those who listen: each keeps a connection, comes back when it ends, and reads what was said meanwhile."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proving import realtime_protocol as protocol
from proving.check import Failed, require
from proving.client import Client, Listener, Unreachable
from proving.graphql_http import at
from proving.limits import FRAMES
from proving.load.estimate import PAGE
from proving.load.ledger import Ledger, Stored
from proving.load.measures import Measures
from proving.load.plan import number_of
from proving.people import Person
from proving.world import Message, Room, World

RECENT = 16
"""Messages that came last, from before which somebody reads on who comes back: live events come in any order."""
PAUSE_S = 0.2
"""Until a connection that could not be made is tried once more."""


@dataclass(eq=False, slots=True)
class Place:
    """A room. `first`: its first message, from before the run; `number`: of the room."""

    number: int
    room: Room
    first: Message


@dataclass(eq=False, slots=True)
class Stage:
    """What all of a run share. `now`: seconds since its beginning; `intended`: when each send was meant for; `live`: the
    client of connections; `frames`, `connections`, `connected_s`: what came of them; `news`: set by what comes live, and by who
    comes back."""

    world: World
    live: Client
    ledger: Ledger
    measures: Measures
    intended: Sequence[float]
    now: Callable[[], float]
    frames: int = 0
    connections: int = 0
    connected_s: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, take: Callable[[str, Mapping[str, Any]], None] = lambda *_: None) -> "Heard":
        """For a connection, which takes four times as many frames as are sent in all, and no more."""
        return Heard(most=FRAMES + 4 * len(self.intended), take=take)

    def stored(self, message: Mapping[str, Any]) -> Stored:
        return Stored(number_of(self.world.run.name, message["text"]), message["id"])


@dataclass(slots=True)
class Heard(protocol.Connection):
    """Gives what comes to whoever listens."""

    take: Callable[[str, Mapping[str, Any]], None] = lambda *_: None

    def keep(self, id_: str, payload: Mapping[str, Any]) -> None:
        self.take(id_, payload)


@dataclass(eq=False, slots=True)
class Seat:
    """One who listens. `ready`: set once they are subscribed; `stormed`: since when a storm has kept them away."""

    stage: Stage
    number: int
    place: Place
    person: Person
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stormed: float | None = None
    failure: str = "nothing came"
    recent: deque[Any] = field(default_factory=lambda: deque(maxlen=RECENT))
    listener: Listener | None = None

    async def listen(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._connection()
            except (Unreachable, Failed) as failure:
                self.failure = str(failure)
                self.stage.measures.unanswered["storm" if self.ready.is_set() else "listen"] += 1
                await asyncio.sleep(PAUSE_S)

    async def _connection(self) -> None:
        """One, as long as it lasts. Raises `Unreachable` and `Failed`."""
        stage, began = self.stage, time.monotonic()
        stage.connections += 1
        heard = stage.heard(self._take)
        try:
            async with stage.live.listening(self.person.token, heard) as self.listener:
                await subscribe(stage.world, self.listener, self.person, self.place.room)
                if self.ready.is_set():
                    await self._return()
                self.ready.set()
                await self.listener.over.wait()
        finally:
            self.listener = None
            stage.measures.faults += len(heard.faults)
            stage.connected_s += time.monotonic() - began
        stage.measures.cut += self.stormed is None

    async def _return(self) -> None:
        before = self.recent[0] if self.recent else self.place.first[self.stage.world.mapping.after_field]
        await self.read_on(before, lambda: False)
        if self.stormed is not None:
            self.stage.measures.record("storm", self.stormed, self.stage.now())
            self.stormed = None
            self.stage.news.set()

    async def storm(self, intended: float) -> None:
        """Ends the connection. Whoever is still away is away since then."""
        if self.stormed is None and self.listener is not None:
            self.stormed = intended
            await self.listener.socket.close()

    def _take(self, _: str, payload: Mapping[str, Any]) -> None:
        stage, now = self.stage, self.stage.now()
        stage.frames += 1
        stage.news.set()
        mapping = stage.world.mapping
        value = at(payload.get("data"), mapping.operations["subscribe"].paths["message"])
        number = number_of(stage.world.run.name, at(value, mapping.message["text"]))
        id_ = at(value, mapping.message["id"])
        if number < 0 or not isinstance(id_, str):
            return
        if stage.ledger.hear(self.number, Stored(number, id_)):
            stage.measures.record("live", stage.intended[number], now)
            self.recent.append(at(value, mapping.message[mapping.after_field]))

    # Reading

    async def read_on(self, before: Any, is_enough: Callable[[], bool]) -> None:
        """What came after a message, page by page until it is enough; where the mapping has no `after`, the whole history.
        Raises `Unreachable` and `Failed`."""
        world, room = self.stage.world, self.place.room.id
        if "after" not in world.mapping.operations:
            self._read(await whole(self.stage, self.person, self.place.room))
            return
        cursor = None
        for _ in range(most_pages(self.stage)):
            answer = await world.done(
                self.person, "after", limit=PAGE, cursor=cursor, room=room, after=before
            )
            items = world.value(answer, "after", "items")
            require(isinstance(items, list), f"after has no list: {answer}")
            self._read([world.read_message(each, str(answer)) for each in items])
            cursor = world.value(answer, "after", "next")
            if cursor is None or is_enough():
                return

    def _read(self, page: Sequence[Message]) -> None:
        stage, now = self.stage, self.stage.now()
        for number in stage.ledger.read(self.number, [stage.stored(each) for each in page]):
            stage.measures.record("repaired", stage.intended[number], now)


async def subscribe(world: World, listener: Listener, person: Person, room: Room) -> None:
    """Raises `Failed` where it is refused, and `Unreachable`."""
    require(listener.heard.ack is not None, f"no connection_ack: {listener.heard.refusal}")
    made = await world.try_subscribe(listener, person, room)
    refusal = listener.heard.refused.get(made.id)
    require(made.id in listener.heard.acknowledged, f"no start_ack: {refusal or 'nothing came'}")


def most_pages(stage: Stage) -> int:
    """Of a room: pages may be short, or empty."""
    return 100 + 2 * len(stage.intended)


async def whole(stage: Stage, person: Person, room: Room) -> list[Message]:
    """A room, the oldest first. Raises `Unreachable` and `Failed`."""
    found = await stage.world.pages(person, "history", PAGE, most_pages(stage), room=room.id)
    return found[::-1] if stage.world.mapping.order == "newest_first" else found
