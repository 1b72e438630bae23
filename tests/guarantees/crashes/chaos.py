"""People chat while the API, the gateway and the engine are killed and frozen: nothing is lost, nothing is there twice,
nobody gets what was said while they were out of the room, and what is unread is right.

    python -m tests.guarantees.crashes.chaos [--seconds 60] [--seed N] [--engine ministack] [--faults "kill api,freeze engine"]

Senders repeat under the same id; readers follow by AppSync's subscription with `changes`, by the gateway, and by `sync`
alone; two of them are removed and added again. Every program is another process, and every request goes over loopback.
Ends with status 1, the seed, and what is wrong.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from tests.guarantees.crashes.people import MY_ROOMS, Api, AppSyncReader, GatewayReader, Sender, SyncReader
from tests.guarantees.crashes.servers import FAULTS, FROZEN_S, Servers

ROOM = "chaos"
SENDERS = ("sam", "sue", "sid")
STAYING = ("ann", "gil", "syd")
REMOVED = ("art", "guy")
LURKER = "lou"
CREATE = (
    "mutation ($roomId: ID!, $members: [ID!]) { createRoom(roomId: $roomId, members: $members) { roomId } }"
)
NOTICE = "id roomId senderId ts seq epoch rev notice { kind userId role mutedUntil nextEpoch rev }"
REMOVE = f"mutation ($roomId: ID!, $userId: ID!) {{ removeMember(roomId: $roomId, userId: $userId) {{ {NOTICE} }} }}"
ADD = (
    f"mutation ($roomId: ID!, $userId: ID!) {{ addMember(roomId: $roomId, userId: $userId) {{ {NOTICE} }} }}"
)
HEAD = "query ($roomId: ID!) { room(roomId: $roomId) { head { seq rev epoch } } }"
SETTLES_WITHIN = 90.0


@dataclass
class Absence:
    """Somebody is out of the room: from the number that it had by then, to the number when they came back."""

    user: str
    first: int
    heard: list[int] = field(default_factory=list)

    @property
    def leaked(self) -> list[int]:
        return [seq for seq in self.heard if seq > self.first]


@dataclass
class Run:
    """One run: the people, and what befell them."""

    servers: Servers
    rng: Random
    http: aiohttp.ClientSession
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    faults: "Counter[str]" = field(default_factory=Counter)
    absences: list[Absence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.owner = self._api("olga", "admin")
        self.senders = [Sender(self._api(user), ROOM) for user in SENDERS]
        host, url = f"127.0.0.1:{self.servers.api.port}", f"http://127.0.0.1:{self.servers.gateway.port}/ws"
        self.appsync = [AppSyncReader(self._api(user), ROOM, host) for user in ("ann", "art")]
        self.gateway = [GatewayReader(self._api(user), ROOM, url) for user in ("gil", "guy")]
        self.sync = [SyncReader(self._api("syd"), ROOM)]

    def _api(self, user: str, *roles: str) -> Api:
        return Api(self.servers, user, self.http, roles)

    async def go(self, befalls: Callable[[], Awaitable[None]]) -> None:
        """Everything at once until what `befalls` them is over, then quiet until all have caught up."""
        await self.owner.ask(CREATE, roomId=ROOM, members=[*SENDERS, *STAYING, *REMOVED, LURKER])
        async with asyncio.TaskGroup() as group:
            for each in self.appsync:
                group.create_task(each.run(self.ends))
            for client in self.gateway:
                group.create_task(client.run(self.ends))
            for follower in self.sync:
                group.create_task(follower.run(self.ends))
            sending = asyncio.Event()
            senders = [
                group.create_task(sender.run(sending, lambda: self.rng.uniform(0.05, 0.4)))
                for sender in self.senders
            ]
            moving = group.create_task(self._remove_and_add(sending))
            await befalls()
            sending.set()
            await asyncio.gather(*senders, moving)
            await self._settle()
            self.ends.set()

    async def break_things(self, seconds: float, chosen: list[str]) -> None:
        end = time.monotonic() + seconds
        row: list[str] = []
        while time.monotonic() < end:
            row = row or self.rng.sample(chosen, len(chosen))
            name = row.pop()
            await asyncio.sleep(self.rng.uniform(0.5, 3.0))
            await self.servers.fault(name, self.rng.uniform(*FROZEN_S))
            self.faults[name] += 1

    async def _remove_and_add(self, sending: asyncio.Event) -> None:
        live: dict[str, Callable[[], list[int]]] = {
            "art": lambda: self.appsync[1].live,
            "guy": lambda: self.gateway[1].live,
        }
        while not sending.is_set():
            user = self.rng.choice(REMOVED)
            await asyncio.sleep(self.rng.uniform(2.0, 5.0))
            await self.owner.ask(REMOVE, roomId=ROOM, userId=user)
            first = (await self.owner.ask(HEAD, roomId=ROOM))["head"]["seq"]
            heard = len(live[user]())
            absence = Absence(user, first)
            await asyncio.sleep(self.rng.uniform(0.5, 4.0))
            absence.heard = live[user]()[heard:]
            self.absences.append(absence)
            await self.owner.ask(ADD, roomId=ROOM, userId=user)

    async def _settle(self) -> None:
        """Until every reader shows what `messages` gives, or patience ends: `problems` says the rest."""
        deadline = time.monotonic() + SETTLES_WITHIN
        while time.monotonic() < deadline:
            truth = await self.owner.history(ROOM)
            if not self._views_that_differ(truth):
                return
            await asyncio.sleep(0.5)

    def _views_that_differ(self, truth: list[Any]) -> list[str]:
        ids = {message["seq"]: message["id"] for message in truth}
        views = [(each.api.user, {m["seq"]: m["id"] for m in each.shown.values()}) for each in self.appsync]
        views += [(each.api.user, {m["seq"]: m["id"] for m in each.shown.values()}) for each in self.sync]
        views += [(each.api.user, each.shown) for each in self.gateway]
        return [f"{user} shows {len(view)} of {len(ids)} messages" for user, view in views if view != ids]

    async def problems(self) -> list[str]:
        """What is not as promised, in sentences."""
        truth = await self.owner.history(ROOM)
        found = [*wrong_in(truth), *self._views_that_differ(truth)]
        stored = {message["clientMessageId"]: message for message in truth}
        for sender in self.senders:
            for name, answer in sender.acknowledged.items():
                if name not in stored:
                    found.append(f"{name} was acknowledged and is lost")
                elif (stored[name]["seq"], stored[name]["id"]) != (answer["seq"], answer["id"]):
                    found.append(f"{name} was acknowledged as {answer['seq']}, and is {stored[name]['seq']}")
        for client in self.gateway:
            found += [f"{client.api.user}: {problem}" for problem in client.problems]
        for absence in self.absences:
            if absence.leaked:
                found.append(
                    f"{absence.user} was out of the room from {absence.first} and heard {absence.leaked}"
                )
        return found + await self._wrong_unread(truth)

    async def _wrong_unread(self, truth: list[Any]) -> list[str]:
        newest = truth[-1]["seq"]
        found = []
        for user in (LURKER, *SENDERS):
            own = max((message["seq"] for message in truth if message["senderId"] == user), default=0)
            (room,) = (await self._api(user).ask(MY_ROOMS))["items"]
            if room["unread"] != newest - own:
                found.append(f"{user} has {room['unread']} unread, and not {newest - own}")
        return found

    def figures(self) -> str:
        sent = sum(len(sender.acknowledged) for sender in self.senders)
        repeated = sum(sender.api.repeated for sender in self.senders)
        live = sum(len(each.live) for each in self.appsync) + sum(len(each.live) for each in self.gateway)
        faults = ", ".join(f"{count} × {name}" for name, count in sorted(self.faults.items()))
        return (
            f"{sent} messages acknowledged, {repeated} requests of their senders repeated; {live} heard live; "
            f"{len(self.absences)} removals; {faults}"
        )


def wrong_in(truth: list[Any]) -> list[str]:
    """What is not right in a room, in sentences: numbers that do not follow each other, ids that are there twice."""
    found = []
    numbers = [message["seq"] for message in truth]
    if numbers != [*range(1, len(numbers) + 1)]:
        found.append(f"the numbers are not 1 to {len(numbers)}")
    for name in ("id", "clientMessageId"):
        doubled = [each for each, count in Counter(message[name] for message in truth).items() if count > 1]
        if doubled:
            found.append(f"there twice: {doubled}")
    return found


async def run(home: Path, given: argparse.Namespace) -> int:
    servers = Servers(home, given.engine)
    await servers.start()
    try:
        async with aiohttp.ClientSession() as http:
            story = Run(servers, Random(given.seed), http)  # noqa: S311  repeatable
            await story.go(lambda: story.break_things(given.seconds, given.faults.split(",")))
            found = await story.problems()
    finally:
        servers.stop()
    print(story.figures())
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees.crashes.chaos")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--engine", choices=["ministack", "dynamodb-local"], default="ministack")
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--home", type=Path, help="keep state and logs here")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.engine}, {given.seconds:.0f} s", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        status = asyncio.run(run(home, given))
    print(
        "nothing lost, nothing twice, nothing leaked, unread right"
        if status == 0
        else f"WRONG, seed {given.seed}"
    )
    return status


if __name__ == "__main__":
    sys.exit(main())
