"""A run: rooms are made, people listen, the schedule is kept, and in the end everybody reads what they lack."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from proving.check import Cost, Failed, require
from proving.client import Client, Unreachable
from proving.graphql_http import Answer, at
from proving.load.estimate import PAGE
from proving.load.ledger import Ledger, Verdict
from proving.load.measures import Measures
from proving.load.plan import Load, Moment, schedule, text_of
from proving.load.seats import Place, Seat, Stage, subscribe, whole
from proving.world import Message, Run, World

AT_ONCE = 50
"""Listeners that come at once before the run begins, and that read what they lack at its end."""
SKEW_S = 1_800
"""By how much each person's clock is ahead of the next one's."""
SETTLE_S = 5.0
"""How long live events are waited for after the last answer."""
LEAD_S = 0.5
"""Between the last subscription and the beginning."""
ATTEMPTS = 3
"""How often what is read in the end is asked for."""
Found = TypeVar("Found")


@dataclass(eq=False, slots=True)
class Traffic:
    """`run`: asks; `live`: the client of connections; `tell`: called each second of the schedule."""

    run: Run
    live: Client
    load: Load
    tell: Callable[["Traffic"], None]
    moments: list[Moment] = field(init=False)
    stage: Stage = field(init=False)
    places: list[Place] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    _clocks: dict[int, str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.moments = schedule(
            self.load, is_repeatable="key" in self.run.mapping.operations["send"].variables
        )
        sends = [each for each in self.moments if each.kind == "send"]
        ledger = Ledger(
            [self.load.room_of(each.listener) for each in sends],
            [each.number for each in self.moments if each.kind == "repeat"],
            [self.load.room_of(each) for each in range(self.load.people)],
        )
        owner, member, stranger = self.run.people[:3]
        world = World(self.run, owner, member, stranger, Cost())
        self.stage = Stage(world, self.live, ledger, Measures(), [each.at for each in sends], self.now)

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    async def go(self) -> None:
        """Raises `Failed` and `Unreachable` where a room cannot be made or read, or somebody cannot listen at all."""
        for number in range(self.load.rooms):
            self.places.append(await self._open(number))
        async with self._listening():
            self._began = time.monotonic() + LEAD_S
            telling = asyncio.create_task(self._tell())
            try:
                await self._keep_schedule()
                await self._settle()
            finally:
                telling.cancel()
            wholes = [await self._whole(place) for place in self.places]
            await self._repair(wholes)
        stored = [[self.stage.stored(each) for each in found] for found in wholes]
        self.verdicts = self.stage.ledger.judge(stored)

    # Rooms and listeners

    async def _open(self, number: int) -> Place:
        """A room with a first message, and everybody in it who will listen there."""
        people = self.run.people
        owner = people[number % len(people)]
        members = [people[each] for each in sorted(self.load.members(number, len(people)))]
        others = [each for each in members if each is not owner] or [people[(number + 1) % len(people)]]
        world = World(self.run, owner, others[0], others[-1], Cost(rooms=1))
        room = await world.new_room()
        if "set_limits" in self.run.mapping.operations:
            answer = await world.call(owner, "set_limits", room=room.id)
            if answer.refusal is not None:  # the usual limits hold then, and what they refuse is counted
                self.stage.measures.refused["set_limits", answer.refusal.type] += 1
        for person in others[1:] if "add_member" in self.run.mapping.operations else []:
            await world.add(room, person)
        text, key = f"first of {self.run.name}", str(uuid.uuid4())
        answer = await world.done(owner, "send", room=room.id, text=text, key=key, clock=self.run.clock())
        first = world.read_message(world.value(answer, "send", "message"), str(answer))
        return Place(number, room, first)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Everybody, one after the other so many at once. Raises `Failed` where somebody cannot."""
        tasks = []
        people = self.run.people
        try:
            for number in range(self.load.people):
                person = people[self.load.person_of(number, len(people))]
                seat = Seat(self.stage, number, self.places[self.load.room_of(number)], person)
                self.seats.append(seat)
                tasks.append(asyncio.create_task(seat.listen()))
                if number % AT_ONCE == AT_ONCE - 1:
                    await self._ready(self.seats[-AT_ONCE:])
            await self._ready(self.seats)
            yield
            for each in tasks:
                if each.done():
                    each.result()  # a fault of this program, which is raised
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ready(self, seats: Sequence[Seat]) -> None:
        for seat in seats:
            try:
                async with asyncio.timeout(self.live.patience_s):
                    await seat.ready.wait()
            except TimeoutError:
                raise Failed(f"{seat.person.user_id} could not listen: {seat.failure}") from None

    # The schedule

    async def _keep_schedule(self) -> None:
        """Each at its instant, whatever became of those before it."""
        async with asyncio.TaskGroup() as group:
            for moment in self.moments:
                await asyncio.sleep(max(0.0, moment.at - self.now()))
                self.stage.measures.record("behind", moment.at, self.now())
                self.stage.measures.begun[moment.kind] += 1
                if moment.kind == "storm":
                    for seat in self.seats:
                        group.create_task(seat.storm(moment.at))
                else:
                    group.create_task(self._perform(moment))

    async def _perform(self, moment: Moment) -> None:
        seat = self.seats[moment.listener]
        try:
            match moment.kind:
                case "send" | "repeat":
                    await self._send(moment, seat)
                case "read":
                    answer = await self._page(seat)
                    self._took("read", moment, answer)
                case _:
                    await self._join(moment, seat)
        except Unreachable:
            self.stage.measures.unanswered[moment.kind] += 1
            self._record(moment)
        except Failed as failure:
            self.stage.measures.refused[moment.kind, str(failure)[:100]] += 1

    async def _send(self, moment: Moment, seat: Seat) -> None:
        world, ledger = self.stage.world, self.stage.ledger
        ledger.begin(moment.number, self.now())
        answer = await world.ask(
            seat.person,
            "send",
            room=seat.place.room.id,
            text=text_of(self.run.name, moment.number),
            key=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.run.name} {moment.number}")),
            clock=self._clocks.setdefault(moment.number, self._clock(moment.listener)),
        )
        now = self.now()
        if self._took(moment.kind, moment, answer):
            id_ = at(world.value(answer, "send", "message"), self.run.mapping.message["id"])
            require(isinstance(id_, str), "an answer without a message")
            ledger.acknowledge(moment.number, id_, now)

    async def _page(self, seat: Seat) -> Answer:
        return await self.stage.world.ask(seat.person, "history", room=seat.place.room.id, limit=PAGE)

    async def _join(self, moment: Moment, seat: Seat) -> None:
        """Somebody comes, subscribes, reads a page, and goes."""
        stage, began = self.stage, time.monotonic()
        stage.connections += 1
        try:
            async with self.live.listening(seat.person.token, stage.heard()) as listener:
                await subscribe(stage.world, listener, seat.person, seat.place.room)
                self._took("join", moment, await self._page(seat))
        finally:
            stage.connected_s += time.monotonic() - began

    def _took(self, kind: str, moment: Moment, answer: Answer) -> bool:
        """Whether an answer is no refusal; how long it took is recorded then."""
        if answer.refusal is not None or answer.status != 200:
            name = answer.refusal.type if answer.refusal else ""
            self.stage.measures.refused[kind, name or f"HTTP {answer.status}"] += 1
            return False
        self._record(moment)
        return True

    def _record(self, moment: Moment) -> None:
        if moment.kind != "repeat":
            self.stage.measures.record(moment.kind, moment.at, self.now())

    def _clock(self, listener: int) -> str:
        """What a person's clock shows, for documents that ask their client."""
        behind = SKEW_S * self.load.person_of(listener, len(self.run.people))
        instant = datetime.fromtimestamp(time.time() - behind, UTC)
        return instant.isoformat(timespec="microseconds")[:23] + "Z"

    async def _tell(self) -> None:
        while True:
            now = self.now()
            await asyncio.sleep(1 - (now if now < 0 else now % 1))
            self.tell(self)

    # The end

    async def _settle(self) -> None:
        """Until everybody was told everything that was acknowledged, or nothing more is waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(SETTLE_S, self.live.patience_s)):
                while not self._is_settled:
                    self.stage.news.clear()
                    await self.stage.news.wait()

    @property
    def _is_settled(self) -> bool:
        return self.stage.ledger.open == 0 and all(
            each.stormed is None and each.listener is not None for each in self.seats
        )

    async def _whole(self, place: Place) -> list[Message]:
        return await insisted(lambda: whole(self.stage, place.room.owner, place.room))

    async def _repair(self, wholes: Sequence[Sequence[Message]]) -> None:
        """Everybody reads what was acknowledged and is stored, and never came to them."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def repair(seat: Seat) -> None:
            async with turn:
                try:
                    await self._repair_one(seat, wholes[seat.place.number])
                except Unreachable:
                    self.stage.measures.unanswered["repaired"] += 1
                except Failed as failure:
                    self.stage.measures.refused["repaired", str(failure)[:100]] += 1

        await asyncio.gather(*(repair(each) for each in self.seats))

    async def _repair_one(self, seat: Seat, found: Sequence[Message]) -> None:
        ledger, mapping = self.stage.ledger, self.run.mapping
        lacking = ledger.missing(seat.number) & {self.stage.stored(each).number for each in found}
        if not lacking:
            return
        place = next(n for n, each in enumerate(found) if self.stage.stored(each).number in lacking)
        before = found[place - 1] if place else seat.place.first

        def is_enough() -> bool:
            return not lacking & ledger.missing(seat.number)

        await insisted(lambda: seat.read_on(before[mapping.after_field], is_enough))


async def insisted(ask: Callable[[], Awaitable[Found]]) -> Found:
    """What is read in the end is asked for again where no answer comes. Raises `Failed` and `Unreachable`."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await ask()
        except Unreachable:
            pass
    return await ask()
