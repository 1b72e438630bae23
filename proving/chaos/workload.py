"""One round: several people chat in several rooms through the proxy, and what they did and saw becomes a history."""

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from proving.chaos.callers import ATTEMPTS, Caller, Place, Stubborn, Unanswered, together
from proving.chaos.ending import end
from proving.chaos.history import Away, History, Read, Sent, Stored
from proving.chaos.listening import listen
from proving.chaos.proxy import Proxy
from proving.check import Cost
from proving.endpoint import Endpoint
from proving.graphql_http import at
from proving.mapping import selection
from proving.people import Person
from proving.world import Run, World

SENDS = 4
"""Of each person in each part of a round."""
DEVICES = 2
"""On which each person listens, each a connection of its own."""
PER_ROOM = 60
"""Sends in a room, partial ones and those of people who are away included, at the most."""
SKEW_S = 1_800
"""By how much each person's clock is ahead of the next one's."""


@dataclass(eq=False, slots=True)
class Round:
    """`direct`: without a proxy, for what is no part of the history: rooms are made, and read at the end."""

    direct: Run
    proxy: Proxy
    address: str
    seed: int
    rooms: int
    history: History = field(default_factory=History)
    places: list[Place] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    _now: int = 0
    over: bool = False

    def __post_init__(self) -> None:
        for number, person in enumerate(self.direct.people):
            sends, calls = (self._world(person, f"{number}/{each}", number) for each in ("send", "call"))
            self.callers.append(Caller(person, number, sends, calls))

    def _world(self, person: Person, path: str, number: int) -> World:
        real = self.direct.client
        where = Endpoint(
            f"http://{self.address}/{path}", f"ws://{self.address}/{number}/live", real.endpoint.host
        )
        client = Stubborn(where, real.header, real.http, real.patience_s)
        run = Run(client, self.direct.mapping, self.direct.people, self.direct.name, self.direct.rooms)
        return World(run, person, person, person, Cost(0, PER_ROOM * self.rooms * ATTEMPTS, 10_000))

    def now(self) -> int:
        """Of the run's clock, which rises with each event."""
        self._now += 1
        return self._now

    @property
    def has(self) -> Callable[[str], bool]:
        return self.direct.mapping.operations.__contains__

    async def run(self) -> History:
        chance = random.Random(self.seed)  # noqa: S311  repeatable on purpose
        await self._open_all()
        listening = [
            asyncio.create_task(listen(self, each, is_first=device == 0))
            for each in self.callers
            for device in range(DEVICES)
            if self.has("subscribe")
        ]
        try:
            await together(*(self._chat(each, chance.random()) for each in self.places))
            await self.proxy.settled()
            await together(*(end(self, each, chance.randint(1, 7)) for each in self.places))
        except Unanswered as error:
            self.history.unanswered.append(str(error))
        finally:
            self.over = True
            for each in listening:
                each.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
        return self.history

    # Rooms

    async def _open_all(self) -> None:
        """All at once. Whatever happens each is made to the end, so that each is known, and can be taken away."""
        opening = asyncio.gather(*(self._open(each) for each in range(self.rooms)), return_exceptions=True)
        try:
            made = await asyncio.shield(opening)
        finally:
            await opening
        for each in made:
            if isinstance(each, BaseException):
                raise each
            self.places.append(each)

    async def _open(self, number: int) -> Place:
        """A room with a first message, made without faults."""
        people = [
            *self.direct.people[number % len(self.callers) :],
            *self.direct.people[: number % len(self.callers)],
        ]
        direct = World(self.direct, people[0], people[1], people[-1], Cost(1, 1, 0))
        room = await direct.new_room()
        comer = people[-1] if self.has("add_member") and self.has("remove_member") else None
        members = people[1:-1] if comer else people[1:]
        for person in members[1:] if self.has("add_member") else []:
            await direct.add(room, person)
        there = {people[0].user_id, *(each.user_id for each in members if self.has("add_member"))}
        for person in people:
            if person.user_id not in there:
                self.history.away.append(Away(person.user_id, room.id, self.now()))
        position = await direct.position(people[0], room)
        sent = Sent(people[0].user_id, room.id, f"first of {room.id}", self.now())
        message = await direct.send(people[0], room, sent.text, clock=self._clock(0))
        sent.id, sent.ended = message["id"], self.now()
        self.history.sent.append(sent)
        place = Place(room, there, comer, Stored(message["id"], sent.text, None), position)
        place.caught_up = {each.user_id: [message] for each in people}
        return place

    def _clock(self, number: int) -> str:
        """What a person's clock shows: each is ahead of the next one."""
        instant = datetime.now(UTC).timestamp() - SKEW_S * number
        return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds")[:23] + "Z"

    # Chatting

    async def _chat(self, place: Place, luck: float) -> None:
        owner, *others = (each for each in self.callers if each.person.user_id in place.there)
        owner, *others = sorted(
            [owner, *others], key=lambda each: each.person.user_id != place.room.owner.user_id
        )
        await self._together(place, [owner, *others])
        comer = next((each for each in self.callers if each.person is place.comer), None)
        if comer is None:
            return
        await self._attempt(place, comer)
        await self._add(place, owner, comer)
        await self._together(place, [owner, *others, comer])
        for _ in range(2 if luck < 0.5 else 1):
            await self._remove(place, owner, comer)
            await self._together(place, [owner, *others])
            await self._attempt(place, comer)  # meanwhile what they must not hear would come
            await self._add(place, owner, comer)
        await self._together(place, [owner, *others, comer])

    async def _together(self, place: Place, callers: list[Caller]) -> None:
        """All at once, each one message after the other, and sometimes one that selects less."""

        async def speak(caller: Caller) -> None:
            for number in range(SENDS // 2):
                await self.send(place, caller, is_partial=False)
                if number == 0 and caller.person is place.room.owner:
                    await self.send(place, caller, is_partial=True)
            await self._read(place, caller)

        await together(*(speak(each) for each in callers))

    async def _attempt(self, place: Place, comer: Caller) -> None:
        """What somebody tries who is not in the room. A send that is to be served once more is served before they are added:
        after that it would be stored, and rightly."""
        await self.send(place, comer, is_partial=False)
        await self._read(place, comer)
        await self.proxy.arrived()

    async def send(self, place: Place, caller: Caller, *, is_partial: bool) -> Sent:
        person, world, key = caller.person, caller.sends, str(uuid.uuid4())
        sent = Sent(
            person.user_id,
            place.room.id,
            f"{len(self.history.sent)} of {person.user_id}",
            self.now(),
            is_partial=is_partial,
        )
        self.history.sent.append(sent)
        clock, document = self._clock(caller.number), self._partial() if is_partial else ""

        answer = await world.try_send(person, place.room, sent.text, key=key, clock=clock, document=document)
        sent.ended = self.now()
        if answer.refusal is None and answer.status == 200:
            sent.id = at(world.value(answer, "send", "message"), world.mapping.message["id"])
            return sent
        sent.refusal = str(answer)[:300]
        self._unexpected(place, caller, sent)
        return sent

    def _unexpected(self, place: Place, caller: Caller, sent: Sent) -> None:
        """A refusal of somebody who was in the room all the time."""
        steady = place.comer is None or caller.person is not place.comer
        if steady and not sent.is_partial:
            self.history.unanswered.append(f"a member's send was refused: {sent.refusal}")

    def _partial(self) -> str:
        """The document of a send that leaves out the text."""
        mapping = self.direct.mapping
        send, text = mapping.operations["send"], mapping.message["text"]
        return send.document.replace(
            mapping.selected, selection(each for each in mapping.message.values() if each != text)
        )

    async def _read(self, place: Place, caller: Caller) -> None:
        begun = self.now()

        answer = await caller.calls.call(caller.person, "history", room=place.room.id, limit=5)
        items = None if answer.errors else caller.calls.value(answer, "history", "items")
        path = self.direct.mapping.message["text"]
        texts = None if items is None else tuple(str(at(each, path)) for each in items)
        self.history.read.append(Read(caller.person.user_id, place.room.id, begun, self.now(), texts))

    # Who is there

    async def _add(self, place: Place, owner: Caller, comer: Caller) -> None:
        for away in self.history.away:
            if (away.person, away.room, away.until) == (comer.person.user_id, place.room.id, None):
                away.until = self.now()
        await self._change(place, owner, "add_member", comer)
        if not await self._may_read(place, comer) and self.has("join"):
            await self._change(place, comer, "join", comer)
        place.there.add(comer.person.user_id)
        self._tell(place)

    async def _may_read(self, place: Place, comer: Caller) -> bool:
        answer = await comer.calls.call(comer.person, "history", room=place.room.id, limit=1)
        return not answer.errors

    async def _remove(self, place: Place, owner: Caller, comer: Caller) -> None:
        place.there.discard(comer.person.user_id)
        await self._change(place, owner, "remove_member", comer)
        self.history.away.append(Away(comer.person.user_id, place.room.id, self.now()))
        self._tell(place)

    async def _change(self, place: Place, caller: Caller, operation: str, comer: Caller) -> None:
        """Repeated until it is answered; a refusal after an attempt without an answer says that it had been done."""
        failed = caller.failed
        answer = await caller.calls.call(
            caller.person, operation, room=place.room.id, user=comer.person.user_id
        )
        if answer.errors and caller.failed == failed and not self._was_doubled():
            self.history.unanswered.append(f"{operation} was refused: {str(answer)[:300]}")

    def _was_doubled(self) -> bool:
        return any(each.channel == "call" and each.kind == "double" for each in self.proxy.applied)

    def _tell(self, place: Place) -> None:
        """Whoever listens subscribes anew: a removal may end the epoch of those who stay."""
        place.changed += 1
