"""Two gateways, a chat that loses, repeats, delays and fails, and people who are cut off, come back anywhere, are sent away and let back.

Whoever is there in the end has every message once and in order, each in its newest state; whoever was sent away was told nothing of
what came after. A failure prints its seed, which SEED= repeats; PROVE=1 lives many more lives.
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
from gateway import frames
from gateway.client import Client
from gateway.connection import CloseCode, Connection, Limits
from gateway.hub import Hub
from gateway.metrics import Metrics
from gateway.settings import Settings
from tests.gateway.chaos import SERVICE, Chat

LIVES = 400 if os.environ.get("PROVE") else 20
AT_ONCE = 20
STEPS = 120
LOBBY = Room.parse("lobby")
NAMES = ("ann", "bob", "cid", "dan", "eve")


def settings(dice: Random) -> Settings:
    nowhere = AnyHttpUrl("http://127.0.0.1:9/graphql")
    return Settings(
        appsync_url=nowhere,
        service_token="env:NONE",
        jwt_issuer="i",
        jwt_audience="a",
        jwt_jwks_url=nowhere,
        compare_seconds=1,
        tail_messages=dice.choice([10, 1_000]),
        tick_ms=dice.choice([0, 15]),
    )


class Person:
    """Somebody at a gateway, or away; what they were told, put together by the rules of the protocol's page."""

    def __init__(self, name: str, chat: Chat) -> None:
        self.name, self.chat = name, chat
        self.client: Client | None = None
        self.at: str | None = None
        self.order: list[int] = []
        self.revs: dict[str, int] = {}
        self.resets = 0

    def come(self, hub: Hub) -> Client:
        connection = Connection(LOBBY, None, Limits(), now=0.0)
        wire = Wire(self)
        parts: Any = (self.chat, hub, Metrics(), wire, wire.close)  # as much of each as a client needs
        self.client = client = Client(connection, *parts)
        wire.client = client
        client.verified(self.name, self.name)
        connection.credentials(self.name)
        connection.authenticated(frames.encode("hello"), expires=3_600.0)
        return client

    def resume(self) -> str:
        return json.dumps({"type": "resume", "rooms": {"lobby": self.at or 0}})

    def go(self) -> None:
        if self.client is not None:
            self.client.connection.state = "closed"
            self.client.leave_all()
        self.client = None

    def told(self, frame: dict[str, Any]) -> None:
        kind, message = frame["type"], frame.get("message")
        if kind == "reset":  # forget, and read afresh up to `at`
            self.resets += 1
            upto = int(frame["at"].split("/")[0])
            self.order = list(range(1, upto + 1))
            self.revs = {each["id"]: each["rev"] or 0 for each in self.chat.messages[:upto]}
        elif kind in ("message", "change") and message:
            self._may_know(message)
            rev = message["rev"] or 0
            if kind == "message":
                if message["id"] in self.revs:
                    self.chat.wrong.append(f"{self.name} was told {message['id']} twice")
                self.order.append(message["seq"])
            self.revs[message["id"]] = max(rev, self.revs.get(message["id"], 0))
        elif kind in ("refused", "removed"):
            asyncio.get_running_loop().call_soon(self.go)
        self.at = frame.get("at", self.at)

    def _may_know(self, message: dict[str, Any]) -> None:
        parted = self.chat.parted_at.get(self.name)
        newest = max(message["born"], message["rev"] or 0)
        if parted is not None and newest > parted:
            self.chat.wrong.append(f"{self.name} was told of rev {newest}, and went at {parted}")


class Wire:
    def __init__(self, person: Person) -> None:
        self.person = person
        self.client: Client | None = None

    def write(self, frame: bytes) -> None:
        if self.person.client is self.client:
            for text in texts(frame):
                self.person.told(json.loads(text))

    async def pour(self, frames: Iterable[bytes]) -> bool:
        for number, frame in enumerate(frames):
            self.write(frame)
            if number % 3 == 2:
                await asyncio.sleep(0.001)
        return True

    def close(self, _code: CloseCode, _reason: str) -> None:
        if self.person.client is self.client:
            self.person.client = None


def texts(data: bytes) -> Iterable[bytes]:
    """The payloads of several frames in one write."""
    at = 0
    while at < len(data):
        length, at = data[at + 1], at + 2
        if length == 126:
            length, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        yield data[at : at + length]
        at += length


class Life:
    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311  repeatable
        self.chat = Chat(self.dice, *NAMES)
        chat: Any = self.chat  # both AppSync and its realtime side, as much of them as a hub needs
        self.hubs = [Hub(chat, chat, lambda: SERVICE, settings(self.dice), Metrics()) for _ in range(2)]
        self.people = [Person(name, self.chat) for name in NAMES]

    async def live(self) -> None:
        """To its end, where everybody is let back and comes back. Raises `AssertionError`, `TimeoutError`."""
        try:
            for _ in range(STEPS):
                await self._step()
            self.chat.is_calm = True
            for person in self.people:
                self.chat.let_back(person.name)
            async with asyncio.timeout(30):
                while not self._has_ended():
                    await self._everybody_comes()
                    await asyncio.sleep(0.05)
        finally:
            for person in self.people:
                person.go()
            for hub in self.hubs:
                await hub.close()

    async def _step(self) -> None:
        chat, dice, person = self.chat, self.dice, self.dice.choice(self.people)
        act = dice.choices(["send", "edit", "come", "go", "part", "back", "cut"], [40, 12, 20, 8, 5, 8, 1])[0]
        if act == "send":
            chat.send()
        elif act == "edit":
            chat.edit()
        elif act == "come" and person.client is None:
            await self._come(person)
        elif act == "go":
            person.go()
        elif act == "part":
            chat.part(person.name)
        elif act == "back":
            chat.let_back(person.name)
        elif act == "cut":
            chat.cut()
        await asyncio.sleep(dice.random() * 0.01)

    async def _come(self, person: Person) -> None:
        client = person.come(self.dice.choice(self.hubs))
        await client.carry_out(client.connection.receive_text(person.resume(), 1.0))

    async def _everybody_comes(self) -> None:
        for person in self.people:
            if person.client is None:
                await self._come(person)

    def _has_ended(self) -> bool:
        newest = {each["id"]: each["rev"] or 0 for each in self.chat.messages}
        return all(person.revs == newest for person in self.people)


@pytest.mark.parametrize("batch", range(LIVES // AT_ONCE))
async def test_whoever_is_there_in_the_end_has_everything_and_whoever_was_not_was_told_nothing(
    batch: int,
) -> None:
    seeds = (
        [int(os.environ["SEED"])] if "SEED" in os.environ else [secrets.randbits(32) for _ in range(AT_ONCE)]
    )
    lives = [Life(seed) for seed in seeds]
    outcomes = await asyncio.gather(*(life.live() for life in lives), return_exceptions=True)
    for seed, life, outcome in zip(seeds, lives, outcomes, strict=True):
        assert life.chat.wrong == [], f"SEED={seed}"
        assert outcome is None, f"SEED={seed}: {outcome!r}"
        for person in life.people:
            assert person.order == list(range(1, len(life.chat.messages) + 1)), f"SEED={seed}: {person.name}"
