"""The gateway before the chat's own functions: whoever comes, goes and comes back, from buffers and from history, holds in the
end what the numbers of the joinings say, and was never written a text that they might not see then.

A failure shows its seed, which SEED= repeats; PROVE=1 looks at many more.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from chat.rules.rooms import Room
from gateway import server_frames
from gateway.appsync import UpstreamRefused
from gateway.client import Client
from gateway.connection import CloseCode, Connection, Limits
from gateway.documents import Document
from gateway.feed import Feed
from gateway.hub import Hub
from gateway.metrics import Metrics
from gateway.replay_buffer import MemoryBudget
from gateway.server_frames import Refusal
from tests.guarantees.support.backend import Denied, backend
from tests.guarantees.visibility.visible_room import VisibleRoom, Wire, shown

SEEDS = 30 if os.environ.get("PROVE") else 2
STEPS = 60
PEOPLE = ("ann", "bob", "cat")
WEIGHTS = {
    "send": 26,
    "edit": 22,
    "remove": 6,
    "join": 10,
    "leave": 4,
    "switch": 3,
    "go": 8,
    "come": 18,
    "compare": 8,
}


class Upstream:
    """The API, for the service and for clients by their names in place of tokens; its realtime side, too."""

    def __init__(self, room: VisibleRoom) -> None:
        self._room = room

    async def ask(self, document: Document, variables: Mapping[str, Any], token: Any = "gateway") -> Any:
        person = token if isinstance(token, str) else token.value
        try:
            return await self._room.ask(person, str(document), **variables)
        except Denied as denied:
            raise UpstreamRefused(Refusal(denied.name, denied.message, denied.values)) from None

    @contextmanager
    def judged(self) -> Iterator[None]:
        yield

    def lacks_role(self) -> None:
        raise AssertionError("the service has the role")

    async def subscribe(self, subscription: Any, document: Document, variables: Mapping[str, Any]) -> None:
        if "<onMessage>" not in document.text:
            return
        try:
            end = await self._room.listen_in(
                "gateway", variables["epoch"], subscription.on_event, str(document)
            )
        except Denied as denied:
            raise UpstreamRefused(Refusal(denied.name, denied.message, denied.values)) from None
        subscription.connection = SimpleNamespace(stop=lambda _: end())


@dataclass(eq=False)
class Person:
    """Somebody's client: what it holds, and where it comes back from."""

    room: VisibleRoom
    name: str
    hub: Hub
    upstream: Upstream
    held: dict[str, Wire] = field(default_factory=dict)
    at: str | None = None
    is_there: bool = False
    must_read: bool = True
    texts: int = 0
    wrong: list[Wire] = field(default_factory=list)
    _client: Client | None = None
    _connection: Connection | None = None

    def come(self) -> None:
        self._connection = Connection(None, None, Limits(), now=0.0)
        self._connection.credentials("t")
        self._connection.authenticated(server_frames.encode("hello"), expires=1e9)
        own: Any = self
        upstream: Any = self.upstream
        self._client = Client(self._connection, upstream, Metrics(), own, self._closed)
        self._client.authenticated(self.name, self.name)
        self.is_there = True

    async def subscribe(self) -> None:
        assert self._client
        assert self._connection
        frame = {"type": "subscribe", "room": self.room.id, **({"since": self.at} if self.at else {})}
        await self.hub.carry_out(self._client, self._connection.receive_text(json.dumps(frame), 1.0))

    def go(self) -> None:
        if self._client and self.is_there:
            self.hub.leave_all(self._client)
        self.is_there = False

    def _closed(self, _code: CloseCode, _reason: str) -> None:
        self.go()

    def write(self, frame: bytes) -> None:
        told = json.loads(server_frames.payload(frame))
        kind = told["type"]
        if kind in ("refused", "removed"):
            self.is_there = False
        if kind == "reset" or (kind == "subscribed" and not told["resumed"]):
            self.must_read = True
        if kind == "notice" and told["message"]["notice"]["kind"] == "ROOM_UPDATED":
            self.must_read = True
        if "at" in told:
            self.at = told["at"]
        if kind in ("message", "change"):
            self._take(told["message"])

    def _take(self, message: Wire) -> None:
        if message["text"] is not None:
            self.texts += 1
            if message["seq"] < self.room.first(self.name):
                self.wrong.append(message)  # what is raised here ends the room's feed, and no test
        before = self.held.get(message["id"])
        if before is None or (message["rev"] or 0) > (before["rev"] or 0):
            self.held[message["id"]] = message

    async def write_paced(self, frames: Iterable[bytes]) -> bool:
        for frame in frames:
            self.write(frame)
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return True

    async def read_if_told(self) -> None:
        """What a client does that is to start afresh: forget the room's messages, and read."""
        while self.must_read:
            self.must_read = False
            self.held.clear()
            for message in await self.room.read(self.name):
                self._take(message)


class Run:
    def __init__(self, room: VisibleRoom, rng: Random) -> None:
        self.room, self.rng, self.number, self.compared = room, rng, 0, 0
        upstream = Upstream(room)
        self.feeds: list[Feed] = []
        self.hub = Hub(lambda each: self._feed(each, upstream), Metrics())
        self.people = {name: Person(room, name, self.hub, upstream) for name in ("own", *PEOPLE)}

    def _feed(self, room: Room, upstream: Any) -> Feed:
        settings: Any = SimpleNamespace(
            tick_ms=0, replay_events=self.rng.choice([4, 100]), compare_seconds=60.0
        )
        self.feeds.append(Feed(room, upstream, upstream, settings, Metrics(), MemoryBudget(1 << 20)))
        return self.feeds[-1]

    async def step(self, kind: str) -> None:
        self.number += 1
        inside = sorted(self.room.joined)
        person = self.people[self.rng.choice(inside)]
        await getattr(self, f"_{kind}")(person)
        if self.rng.random() < 0.5:
            await self._settled()

    async def _send(self, person: Person) -> None:
        await self.room.send(person.name, f"text {self.number}", f"c{self.number}")

    async def _edit(self, person: Person) -> None:
        own = [each for each in self.room.messages if each.sender == person.name and each.text is not None]
        own = [each for each in own if each.seq >= self.room.first(person.name)]
        if own:
            await self.room.edit(self.rng.choice(own), f"edit {self.number}")

    async def _remove(self, _person: Person) -> None:
        if self.room.messages:
            await self.room.remove(self.rng.choice(self.room.messages), "own")

    async def _join(self, _person: Person) -> None:
        await self.room.join(self.rng.choice(PEOPLE))

    async def _leave(self, person: Person) -> None:
        if person.name != "own":
            await self.room.leave(person.name)
            person.go()

    async def _switch(self, _person: Person) -> None:
        await self.room.switch("own", hides=self.rng.random() < 0.6)

    async def _go(self, person: Person) -> None:
        person.go()

    async def _come(self, person: Person) -> None:
        if not person.is_there:
            person.come()
            await person.subscribe()

    async def _compare(self, _person: Person) -> None:
        await self._settled()
        for person in self.people.values():
            if person.is_there and person.name in self.room.joined:
                await person.read_if_told()
                assert shown(list(person.held.values())) == self.room.visible(person.name), person.name
                self.compared += 1

    async def _settled(self) -> None:
        """Until nobody is joining any more, and the room is known here as it is."""
        async with asyncio.timeout(10):
            while True:
                while joining := list(self.hub._joining.values()):  # noqa: SLF001  nothing else says so
                    await asyncio.gather(*joining, return_exceptions=True)
                head = await self.room.head("root")
                hosted = self.hub.rooms.get(self.room.id)
                if hosted is None:
                    return
                await hosted.feed._until_caught_up()  # noqa: SLF001  as above
                position = hosted.feed.timeline.position
                is_there = position and (position.seq, position.rev) == (head["seq"], head["rev"])
                if is_there and not self.hub._joining and hosted.feed._cleared_epoch == head["epoch"]:  # noqa: SLF001
                    return

    async def finish(self) -> None:
        for name in sorted(self.room.joined):
            await self._come(self.people[name])
        await self._compare(self.people["own"])
        await self.hub.close()
        assert [person.wrong for person in self.people.values()] == [[]] * len(self.people)


async def check_seed(client: Any, seed: str, publish: str) -> str:
    rng = Random(seed)  # noqa: S311  repeatable
    with backend(publish, client) as api:
        room = VisibleRoom.made(client, api, "own", hides=rng.random() < 0.5, admins=frozenset({"root"}))
        run = Run(room, rng)
        for kind in rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS):
            await run.step(kind)
        await run.finish()
    texts = sum(person.texts for person in run.people.values())
    return f"{len(room.messages)} messages, {run.compared} holdings compared, {texts} texts written"


@pytest.mark.parametrize("number", range(SEEDS))
def test_nobody_is_written_what_they_may_not_see_and_nobody_misses_what_they_may(
    client: Any, publishing: str, leaving_nothing: Callable[[], AbstractContextManager[None]], number: int
) -> None:
    seed = os.environ.get("SEED") or f"{secrets.token_hex(4)}/{number}"
    print(f"seed {seed}")
    with leaving_nothing():
        print(asyncio.run(check_seed(client, seed, publishing)))
