"""Who was told what: what each listener heard live, found by reading, and did not get.

Times are any clock's that does not go back, in seconds.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class Got(IntEnum):
    NOTHING, LIVE, REPAIRED = range(3)


class Stored(NamedTuple):
    """A message as it was read. `number`: of the send that it came of."""

    number: int
    id: str


@dataclass(slots=True)
class Sent:
    """`copies`: how often it is sent, repeats included; `begun`, `answered`: when it was first sent, and acknowledged;
    `id`: under which it was first seen. `place`: its number among those of its room; `reached`: how many listeners have it."""

    room: int
    place: int
    copies: int = 1
    begun: float | None = None
    answered: float | None = None
    id: str | None = None
    reached: int = 0


@dataclass(slots=True)
class Listener:
    """`got`, `heard`: by places, how each message of the room came first, and how often it came live. `others`: what came
    live under another id than the one that was seen first. `pages`: what was read, in its order."""

    room: int
    got: bytearray
    heard: bytearray
    others: list[Stored] = field(default_factory=list)
    pages: list[Sequence[Stored]] = field(default_factory=list)
    twice: int = 0
    overtaken: int = 0
    latest: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one listener, in messages. `overtaken`: came live after one that was sent only when this one was acknowledged;
    AppSync promises no order of live events, so that is told and not held against anybody."""

    listener: int
    live: int
    repaired: int
    lost: int
    twice: int
    disorder: int
    overtaken: int

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.twice or self.disorder)


class Ledger:
    """`open`: how many acknowledged messages are still to reach a listener, of all of them together."""

    def __init__(self, rooms: Sequence[int], repeats: Iterable[int], listeners: Sequence[int]) -> None:
        """`rooms`: of each send; `repeats`: sends that are sent once more; `listeners`: the room of each."""
        self._of_room: dict[int, list[int]] = {room: [] for room in {*rooms, *listeners}}
        self.sent: list[Sent] = []
        for number, room in enumerate(rooms):
            self.sent.append(Sent(room, len(self._of_room[room])))
            self._of_room[room].append(number)
        for number in repeats:
            self.sent[number].copies += 1
        sizes = {room: len(numbers) for room, numbers in self._of_room.items()}
        self.listeners = [
            Listener(room, bytearray(sizes[room]), bytearray(sizes[room])) for room in listeners
        ]
        self._listening = Counter(listeners)
        self.open = 0

    def begin(self, number: int, now: float) -> None:
        if self.sent[number].begun is None:
            self.sent[number].begun = now

    def acknowledge(self, number: int, id_: str, now: float) -> None:
        sent = self.sent[number]
        sent.id = sent.id or id_
        if sent.answered is None:
            sent.answered = now
            self.open += self._listening[sent.room] - sent.reached

    def _reach(self, found: Listener, sent: Sent, how: Got) -> None:
        found.got[sent.place] = how
        sent.reached += 1
        self.open -= sent.answered is not None

    def hear(self, listener: int, message: Stored) -> bool:
        """Of a message that came live: whether it is the first that this listener has of it."""
        found, sent = self.listeners[listener], self._sent(message, self.listeners[listener].room)
        if sent is None:
            return False
        if message.id != sent.id:
            found.others.append(message)
        elif found.heard[sent.place] >= sent.copies:
            found.twice += 1
        else:
            found.heard[sent.place] += 1
        if found.got[sent.place]:
            return False
        self._reach(found, sent, Got.LIVE)
        if sent.answered is not None and sent.answered < found.latest:
            found.overtaken += 1
        found.latest = max(found.latest, sent.begun or 0.0)
        return True

    def read(self, listener: int, page: Sequence[Stored]) -> list[int]:
        """Of messages that were read, in the chat's order: the sends that this listener did not have."""
        found, repaired = self.listeners[listener], []
        for message in page:
            sent = self._sent(message, found.room)
            if sent is not None and not found.got[sent.place]:
                self._reach(found, sent, Got.REPAIRED)
                repaired.append(message.number)
        found.pages.append(page)
        return repaired

    def _sent(self, message: Stored, room: int) -> Sent | None:
        if not 0 <= message.number < len(self.sent) or self.sent[message.number].room != room:
            return None
        sent = self.sent[message.number]
        sent.id = sent.id or message.id
        return sent

    def missing(self, listener: int) -> set[int]:
        """The acknowledged sends of the room that a listener does not have."""
        found = self.listeners[listener]
        return {
            number
            for number in self._of_room[found.room]
            if self.sent[number].answered is not None and not found.got[self.sent[number].place]
        }

    def judge(self, wholes: Sequence[Sequence[Stored]]) -> list[Verdict]:
        """`wholes`: each room as it is read in the end, in its order."""
        rooms = [_Whole(self.sent, room, whole) for room, whole in enumerate(wholes)]
        return [self._verdict(number, rooms[each.room]) for number, each in enumerate(self.listeners)]

    def _verdict(self, listener: int, whole: "_Whole") -> Verdict:
        found = self.listeners[listener]
        has = [number for number in whole.acknowledged if found.got[self.sent[number].place]]
        stored = [number for number in has if number in whole.places]
        phantoms = sum(each not in whole.messages for each in found.others)
        return Verdict(
            listener,
            live=found.got.count(Got.LIVE),
            repaired=found.got.count(Got.REPAIRED),
            lost=len(whole.acknowledged) - len(stored),
            twice=found.twice + phantoms + whole.doubled,
            disorder=whole.disorder + sum(map(whole.steps_back, found.pages)),
            overtaken=found.overtaken,
        )


class _Whole:
    """A room as it is in the end. `places`: of each send's first message; `doubled`: messages beyond the first of a send;
    `disorder`: sends that stand after one which was begun only when they were acknowledged."""

    def __init__(self, sent: Sequence[Sent], room: int, whole: Sequence[Stored]) -> None:
        self.acknowledged = [
            number for number, each in enumerate(sent) if each.room == room and each.answered is not None
        ]
        self.messages = {message: place for place, message in enumerate(whole)}
        self.places: dict[int, int] = {}
        self.doubled = self.disorder = 0
        latest = 0.0
        for place, message in enumerate(whole):
            if not 0 <= message.number < len(sent):
                continue
            if message.number in self.places:
                self.doubled += 1
                continue
            self.places[message.number] = place
            found = sent[message.number]
            self.disorder += found.answered is not None and found.answered < latest
            latest = max(latest, found.begun or 0.0)

    def steps_back(self, page: Sequence[Stored]) -> int:
        """How often what was read goes back in the whole."""
        places = [self.messages[each] for each in page if each in self.messages]
        return sum(later < earlier for earlier, later in itertools.pairwise(places))
