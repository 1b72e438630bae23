"""Two gateways, a chat that loses, repeats, delays and fails, and people who are cut off, come back anywhere,
are removed and let back.

Whoever is there in the end has every message once and in order, each in its newest state; whoever was removed
received nothing of what came after; and nobody was given, of what they missed, a state of a message that their
gateway knew to be changed. A failure prints its seed, which SEED= repeats; PROVE=1 makes many more
runs.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from chat.rules.rooms import Room
from gateway import server_frames
from gateway.authorization import Token
from gateway.client import Client
from gateway.connection import CloseCode, Connection, Limits
from gateway.feed import Feed
from gateway.hub import Hub
from gateway.metrics import Metrics
from gateway.replay_buffer import MemoryBudget
from gateway.service import Service
from gateway.settings import Settings
from tests.gateway.unreliable_chat import SERVICE, Chat, Side

RUNS = 400 if os.environ.get("PROVE") else 20
RUNS_AT_ONCE = 20
STEPS = 120
LOBBY = Room.parse("lobby")
NAMES = ("ann", "bob", "cid", "dan", "eve")


def settings(random: Random) -> Settings:
    nowhere = AnyHttpUrl("http://127.0.0.1:9/graphql")
    return Settings(
        appsync_url=nowhere,
        service_token="env:NONE",
        jwt_issuer="i",
        jwt_audience="a",
        jwt_jwks_url=nowhere,
        compare_seconds=1,
        replay_events=random.choice([10, 1_000]),
        tick_ms=random.choice([0, 15]),
    )


class OfService(Token):
    """The service's, which lasts."""

    is_over = False


class Gateway:
    """A hub, and what was delivered to it."""

    def __init__(self, chat: Chat, own: Settings) -> None:
        metrics, budget, self.side = Metrics(), MemoryBudget(own.replay_bytes), Side(chat)
        both: Any = self.side  # AppSync and its realtime side, as much of them as a feed needs
        service = Service(OfService(SERVICE), both)
        self.hub = Hub(lambda room: Feed(room, service, both, own, metrics, budget), metrics)


class Person:
    """Somebody at a gateway, or away; what they received, put together by the rules of the protocol's
    page."""

    def __init__(self, name: str, chat: Chat) -> None:
        self.name, self.chat = name, chat
        self.connected: Connected | None = None
        self.position: str | None = None
        self.order: list[int] = []
        self.revs: dict[str, int] = {}

    def resume(self) -> str:
        return json.dumps({"type": "resume", "rooms": {"lobby": self.position or 0}})

    def go(self) -> None:
        if self.connected is not None:
            self.connected.end()
        self.connected = None

    def receive(self, frame: dict[str, Any]) -> None:
        kind, message = frame["type"], frame.get("message")
        if kind == "reset":  # forget, and read afresh up to `at`
            upto = int(frame["at"].split("/")[0])
            self.order = list(range(1, upto + 1))
            self.revs = {each["id"]: each["rev"] or 0 for each in self.chat.messages[:upto]}
        elif kind in ("message", "change") and message:
            self._may_know(message)
            rev = message["rev"] or 0
            if kind == "message":
                if message["id"] in self.revs:
                    self.chat.wrong.append(f"{self.name} received {message['id']} twice")
                self.order.append(message["seq"])
            self.revs[message["id"]] = max(rev, self.revs.get(message["id"], 0))
        elif kind in ("refused", "removed"):
            asyncio.get_running_loop().call_soon(self.go)
        self.position = frame.get("at", self.position)

    def _may_know(self, message: dict[str, Any]) -> None:
        revoked = self.chat.revoked_at.get(self.name)
        newest = max(message["created_rev"], message["rev"] or 0)
        if revoked is not None and newest > revoked:
            self.chat.wrong.append(f"{self.name} received rev {newest}, and was removed at {revoked}")


class Connected:
    """A person's connection to a hub: the transport, and as much of a session as a client needs."""

    def __init__(self, person: Person, gateway: Gateway) -> None:
        self._person, self._hub, self._delivered = person, gateway.hub, gateway.side.delivered
        self._connection = Connection(LOBBY, None, Limits(), now=0.0)
        parts: Any = (person.chat, Metrics(), self, self._close)
        self._client = Client(self._connection, *parts)
        self._client.authenticated(person.name, person.name)
        self._connection.credentials(person.name)
        self._connection.authenticated(server_frames.encode("hello"), expires=3_600.0)

    async def send(self, text: str) -> None:
        await self._hub.carry_out(self._client, self._connection.receive_text(text, 1.0))

    def end(self) -> None:
        self._connection.state = "closed"
        self._hub.leave_all(self._client)

    def write(self, frame: bytes) -> None:
        if self._person.connected is self:
            for text in texts(frame):
                self._person.receive(json.loads(text))

    async def write_paced(self, frames: Iterable[bytes]) -> bool:
        for number, frame in enumerate(frames):
            message = json.loads(server_frames.payload(frame)).get("message")
            if message and (message.get("rev") or 0) < self._delivered.get(message["id"], 0):
                self._person.chat.wrong.append(f"{self._person.name} was given an old {message['id']}")
            self.write(frame)
            if number % 3 == 2:
                await asyncio.sleep(0.001)
        return True

    def _close(self, _code: CloseCode, _reason: str) -> None:
        self._hub.leave_all(self._client)
        if self._person.connected is self:
            self._person.connected = None


def texts(data: bytes) -> Iterable[bytes]:
    """The payloads of several frames in one write."""
    start = 0
    while start < len(data):
        length, start = data[start + 1], start + 2
        if length == 126:
            length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        yield data[start : start + length]
        start += length


class Run:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  repeatable
        self.chat = Chat(self.random, *NAMES)
        self.gateways = [Gateway(self.chat, settings(self.random)) for _ in range(2)]
        self.people = [Person(name, self.chat) for name in NAMES]

    async def run(self) -> None:
        """To its end, where everybody is let back and comes back. Raises `AssertionError`, `TimeoutError`."""
        try:
            for _ in range(STEPS):
                await self._step()
            self.chat.is_calm = True
            for person in self.people:
                self.chat.readmit(person.name)
            async with asyncio.timeout(30):
                while not self._has_ended():
                    await self._everybody_comes()
                    await asyncio.sleep(0.05)
        finally:
            for person in self.people:
                person.go()
            for gateway in self.gateways:
                await gateway.hub.close()

    async def _step(self) -> None:
        chat, random, person = self.chat, self.random, self.random.choice(self.people)
        actions = ["send", "edit", "come", "go", "revoke", "readmit", "cut"]
        action = random.choices(actions, [40, 12, 20, 8, 5, 8, 1])[0]
        if action == "send":
            chat.send()
        elif action == "edit":
            chat.edit()
        elif action == "come" and person.connected is None:
            await self._come(person)
        elif action == "go":
            person.go()
        elif action == "revoke":
            chat.revoke(person.name)
        elif action == "readmit":
            chat.readmit(person.name)
        elif action == "cut":
            chat.cut()
        await asyncio.sleep(random.random() * 0.01)

    async def _come(self, person: Person) -> None:
        person.connected = Connected(person, self.random.choice(self.gateways))
        await person.connected.send(person.resume())

    async def _everybody_comes(self) -> None:
        for person in self.people:
            if person.connected is None:
                await self._come(person)

    def _has_ended(self) -> bool:
        newest = {each["id"]: each["rev"] or 0 for each in self.chat.messages}
        return all(person.revs == newest for person in self.people)


@pytest.mark.parametrize("batch", range(RUNS // RUNS_AT_ONCE))
async def test_whoever_is_there_in_the_end_has_everything_and_whoever_was_removed_received_nothing_after(
    batch: int,
) -> None:
    if "SEED" in os.environ:
        seeds = [int(os.environ["SEED"])]
    else:
        seeds = [secrets.randbits(32) for _ in range(RUNS_AT_ONCE)]
    runs = [Run(seed) for seed in seeds]
    outcomes = await asyncio.gather(*(run.run() for run in runs), return_exceptions=True)
    for seed, run, outcome in zip(seeds, runs, outcomes, strict=True):
        assert run.chat.wrong == [], f"SEED={seed}"
        assert outcome is None, f"SEED={seed}: {outcome!r}"
        for person in run.people:
            assert person.order == list(range(1, len(run.chat.messages) + 1)), f"SEED={seed}: {person.name}"
