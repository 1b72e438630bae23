"""Whatever is sent, edited, removed, joined, left and switched: everybody sees what the numbers of their joinings say, by every
way to read, and hears no text that they may not see.

A failure shows its seed, which SEED= repeats; PROVE=1 looks at many more.
"""

import asyncio
import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from tests.guarantees.support.backend import Denied, backend
from tests.guarantees.visibility.visible_room import CHANGES, SYNC, VisibleRoom, Wire, shown

SEEDS = 60 if os.environ.get("PROVE") else 4
STEPS = 60
PEOPLE = ("ann", "bob", "cat", "dan")
WEIGHTS = {
    "send": 24,
    "repeat": 8,
    "edit": 20,
    "remove": 6,
    "join": 10,
    "add": 4,
    "leave": 4,
    "take_out": 2,
    "switch": 3,
    "catch_up": 16,
    "look": 3,
}


@dataclass
class Client:
    """What a person's client holds, by one of the two ways to catch up: of the room's `changes`, or of `sync`. It does no more
    than the schema says."""

    room: VisibleRoom
    person: str
    by_sync: bool
    limit: int
    held: dict[str, Wire] = field(default_factory=dict)
    head: Wire | None = None
    token: str | None = None

    async def catch_up(self) -> None:
        if self.by_sync:
            await self._sync()
        elif self.head is None:
            await self._afresh()
        else:
            await self._changes()

    async def _afresh(self) -> None:
        self.held.clear()
        self.head = await self.room.head(self.person)
        self._take(await self.room.read(self.person, self.limit))

    async def _changes(self) -> None:
        assert self.head
        since, after, token = self.head["rev"], self.head["ts"], None
        while True:
            page = await self.room.ask(
                self.person,
                CHANGES,
                roomId=self.room.id,
                since=since,
                after=after,
                limit=self.limit,
                nextToken=token,
            )
            if page["reset"]:
                assert page["items"] == []
                return await self._afresh()
            self._take(page["items"])
            token = page["nextToken"]
            if token is None:
                self.head = page["head"]
                return None

    async def _sync(self) -> None:
        more = True
        while more:
            page = await self.room.ask(self.person, SYNC, since=self.token, limit=self.limit)
            for each in page["rooms"]:
                if each["roomId"] == self.room.id:
                    if each["left"]:
                        self.held.clear()
                    elif each["reset"]:
                        await self._afresh()
                    self._take(each["messages"])
            self.token, more = page["token"], page["more"]

    def _take(self, items: list[Wire]) -> None:
        for message in items:
            before = self.held.get(message["id"])
            if before is None or (message["rev"] or 0) >= (before["rev"] or 0):
                self.held[message["id"]] = message


class Heard:
    """Somebody's live subscription, which follows the epochs: each text that they hear they may see just then."""

    def __init__(self, room: VisibleRoom, person: str) -> None:
        self._room, self._person = room, person
        self.end: Any = lambda: None
        self.next_epoch: int | None = None
        self.texts = 0

    async def begin(self) -> None:
        self.end = await self._room.listen(self._person, self.hear)

    def hear(self, message: Wire) -> None:
        notice = message.get("notice")
        if notice and notice["nextEpoch"]:
            self.next_epoch = notice["nextEpoch"]
        if message["text"] is not None:
            self.texts += 1
            assert message["seq"] >= self._room.first(self._person), (self._person, message)

    async def follow(self) -> None:
        """Subscribe in the epoch that has begun, if somebody has said so."""
        if self.next_epoch is not None:
            self.end()
            self.next_epoch = None
            await self.begin()


class Run:
    """One history. `owner` made the room; `root` is an administrator of the platform and not in it."""

    def __init__(self, room: VisibleRoom, rng: Random) -> None:
        self.room, self.rng = room, rng
        self.clients = [
            Client(room, person, by_sync, rng.randint(1, 7))
            for person in ("own", *PEOPLE)
            for by_sync in (False, True)
        ]
        self.live: dict[str, Heard] = {}
        self.number = 0
        self.checks = 0

    async def step(self, kind: str) -> None:
        self.number += 1
        person = self.rng.choice(sorted(self.room.joined))
        await getattr(self, f"_{kind}")(person)
        for heard in self.live.values():
            await heard.follow()

    async def _send(self, person: str) -> None:
        await self.room.send(person, f"text {self.number}", f"c{self.number}")

    async def _join(self, _person: str) -> None:
        who = self.rng.choice(PEOPLE)
        await self.room.join(who)
        await self.listen(who)

    async def _add(self, _person: str) -> None:
        who = self.rng.choice(PEOPLE)
        await self.room.add("own", who)
        await self.listen(who)

    async def _leave(self, person: str) -> None:
        if person != "own":
            self._stop_listening(person)
            await self.room.leave(person)

    async def _take_out(self, person: str) -> None:
        if person != "own":
            self._stop_listening(person)
            await self.room.take_out("own", person)

    async def _switch(self, _person: str) -> None:
        await self.room.switch("own", hides=self.rng.random() < 0.6)

    async def _catch_up(self, _person: str) -> None:
        for client in self.rng.sample(self.clients, 4):
            await self._check_client(client)

    def _stop_listening(self, person: str) -> None:
        if heard := self.live.pop(person, None):
            heard.end()

    async def listen(self, person: str) -> None:
        if person not in self.live:
            self.live[person] = Heard(self.room, person)
            await self.live[person].begin()

    async def _edit(self, _person: str) -> None:
        """By its sender, who is there perhaps, and may not see it perhaps."""
        room = self.room
        if not room.messages:
            return
        message = self.rng.choice(room.messages)
        if message.sender not in room.joined:
            return
        is_hidden = message.seq < room.first(message.sender)
        refusal = "InvalidInput" if is_hidden else "NotAllowed" if message.text is None else None
        if refusal is None:
            await room.edit(message, f"edit {self.number}")
            return
        with pytest.raises(Denied) as denied:
            await room.edit(message, f"edit {self.number}")
        assert denied.value.name == refusal

    async def _repeat(self, _person: str) -> None:
        """An earlier send once more, as its client may who never had the answer."""
        room = self.room
        sent = [each for each in room.messages if each.sender in room.joined]
        if sent:
            message = self.rng.choice(sent)
            answer = await room.send_again(message)
            assert (answer["id"], answer["seq"], answer["text"]) == (message.id, message.seq, message.text)

    async def _remove(self, _person: str) -> None:
        room = self.room
        if not room.messages:
            return
        message = self.rng.choice(room.messages)
        who = self.rng.choice(["own", message.sender])
        if who in room.joined:
            await room.remove(message, who)

    async def _look(self, person: str) -> None:
        """Every order, bound and size of pages gives what is visible; lists and counts go by the same."""
        room, rng = self.room, self.rng
        expected = room.visible(person)
        for order in ("NEWEST_FIRST", "OLDEST_FIRST"):
            found = await room.read(person, rng.randint(1, 60), order=order)
            assert shown(found) == expected
            assert [each["seq"] for each in found] == sorted(
                (seq for seq, _ in expected.values()), reverse=order == "NEWEST_FIRST"
            )
            if room.messages:
                low, high = (rng.choice(room.messages).ts for _ in range(2))
                within = await room.read(person, rng.randint(1, 5), order=order, after=low, before=high)
                inner = {each.id for each in room.messages if low < each.ts < high}
                assert shown(within) == {id_: each for id_, each in expected.items() if id_ in inner}
        mine = await room.my_room(person)
        assert mine
        assert mine["room"]["historyFrom"] == ("JOINING" if room.hides else "BEGINNING")
        last = room.messages[-1] if room.messages else None
        assert (mine["lastMessage"] and mine["lastMessage"]["id"]) == (
            last.id if last and last.id in expected else None
        )
        assert mine["unread"] == room.unread_after(mine["lastReadSeq"])
        assert mine["lastReadSeq"] >= room.joined[person]
        assert shown(await room.read("root")) == room.visible("root")
        self.checks += 1

    async def _check_client(self, client: Client) -> None:
        if client.person in self.room.joined:
            await client.catch_up()
            assert shown(list(client.held.values())) == self.room.visible(client.person), client
            self.checks += 1

    async def finish(self) -> None:
        for person in sorted(self.room.joined):
            await self._look(person)
        for client in self.clients:
            await self._check_client(client)
        for heard in self.live.values():
            heard.end()


async def check_seed(client: Any, seed: str, publish: str) -> str:
    rng = Random(seed)  # noqa: S311  repeatable
    with backend(publish, client) as api:
        room = VisibleRoom.made(client, api, "own", hides=rng.random() < 0.5, admins=frozenset({"root"}))
        run = Run(room, rng)
        await run.listen("own")
        for kind in rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS):
            await run.step(kind)
        await run.finish()
    heard = sum(each.texts for each in run.live.values())
    return f"{len(room.messages)} messages, {run.checks} views compared, {heard} texts heard"


@pytest.mark.parametrize("number", range(SEEDS))
def test_everybody_sees_what_their_joining_says(
    client: Any, publishing: str, leaving_nothing: Callable[[], AbstractContextManager[None]], number: int
) -> None:
    seed = os.environ.get("SEED") or f"{secrets.token_hex(4)}/{number}"
    print(f"seed {seed}")
    with leaving_nothing():
        print(asyncio.run(check_seed(client, seed, publishing)))
