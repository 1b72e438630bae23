"""Summarise reactions: a projection of the counters' changes into the messages, once in a second for each room.

A changed counter says only that something changed: it marks the message as to be summarised, and what is summarised is read then.
So changes that come again, doubled or late change nothing. All processes that were told of some come to the room's head, and
whoever finds that the second has passed makes the revision, of what all of them have marked; the others wait for the next
second unless theirs is done. A batch is done when all that it marked is summarised: so the last of many changes always is.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import ChatError, InvalidInput
from chat.rules.models import Head, Item
from chat.rules.outgoing import LATE, Outcome
from chat.rules.projections import Change
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.reaction_counts import Wanted, counted
from chat.steps.reaction_marks import Mark, forget, mark, marks_of, settle
from chat.steps.reaction_revision import MOST_MESSAGES, message_place, readable, summarised, wait_ms
from chat.steps.retry import deadline_of, retried, until_room_is_changed
from chat.storage import keys
from chat.storage.aws import StoreFailure
from chat.storage.places import head_place
from chat.storage.reaction_items import ReactionPlace

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What an item raises that is not as we write it."""

Marks = dict[str, int]
"""Up to which number the messages of a room are to be summarised, by their ids."""


class ReactionSummaries:
    """The projection: see above."""

    metric = "ReactionsSummarised"

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        """Summarise what the counters among `changes` are about."""
        first: dict[ReactionPlace, int] = {}
        refused: dict[int, str] = {}
        for index, change in enumerate(changes):
            if change.event is not None:
                continue
            try:
                where = counted_in(change.image)
            except UNREADABLE:
                refused[index] = "key"
                continue
            if where is not None:
                first.setdefault(where, index)
        run = _Run(self._deployment, go_on)
        run.go(list(first))
        undone = [first[where] for where in run.undone]
        hopeless = {first[where]: why for where, why in run.hopeless.items()}
        done = min(undone, default=len(changes))
        every = {index: why for index, why in sorted((refused | hopeless).items()) if index < done}
        return Outcome(done, every, run.failure if undone else None)


def counted_in(image: Item) -> ReactionPlace | None:
    """The message that a counter counts for; `None` for another item of its partition. Raises `ValueError` for a key that is not
    as we write it."""
    if not image["SK"]["S"].startswith(keys.COUNTS):
        return None
    partition_key = image["PK"]["S"]
    in_room, message_id, _ = partition_key.removeprefix(keys.REACTION_SHARDS).rsplit("#", 2)
    try:
        room = Room.lying_in(in_room)
    except InvalidInput:
        raise ValueError("no room's") from None
    if room.partition_key != in_room or keys.message_of(message_id) is None:
        raise ValueError("no message's")
    return ReactionPlace(room, message_id)


class _Run:
    """One batch on its way. `undone` is left to be sent again, `failure` says why; `hopeless` are those that never will be."""

    def __init__(self, deployment: Deployment, go_on: Callable[[], bool]) -> None:
        self._deployment = deployment
        self._go_on = go_on
        self.undone: list[ReactionPlace] = []
        self.hopeless: dict[ReactionPlace, str] = {}
        self.failure: str | None = None

    def go(self, wanted: Sequence[ReactionPlace]) -> None:
        waiting = self._marked(wanted)
        while waiting:
            pauses: dict[Room, int] = {}
            for room in list(waiting):
                if not self._go_on():
                    self._give_up(waiting, LATE)
                    return
                pauses[room] = self._come_to(room, waiting)
                if not waiting[room]:
                    del waiting[room]
            if waiting:
                self._deployment.sleep(min(pauses[room] for room in waiting) / 1_000)

    def _marked(self, wanted: Sequence[ReactionPlace]) -> dict[Room, Marks]:
        marks: dict[Room, Marks] = {}
        for number, where in enumerate(wanted):
            if number and not self._go_on():
                self.undone += wanted[number:]
                self.failure = LATE
                break
            try:
                marks.setdefault(where.room, {})[where.message_id] = mark(self._deployment, where)
            except (StoreFailure, ChatError) as failure:
                self.undone.append(where)
                self.failure = _word(failure)
        return marks

    def _come_to(self, room: Room, waiting: dict[Room, Marks]) -> int:
        """Deal with a room as far as that can be done now; answers for how long (ms) to wait then."""
        try:
            return _RoomsTurn(self._deployment, room, waiting[room]).take()
        except (StoreFailure, ChatError) as failure:
            self._give_up({room: waiting[room]}, _word(failure))
        except UNREADABLE as error:
            places = [ReactionPlace(room, each) for each in waiting[room]]
            self.hopeless |= dict.fromkeys(places, type(error).__name__)
        waiting[room] = {}
        return 0

    def _give_up(self, waiting: Mapping[Room, Marks], failure: str) -> None:
        self.undone += [ReactionPlace(room, each) for room, marks in waiting.items() for each in marks]
        self.failure = failure


def _word(failure: StoreFailure | ChatError) -> str:
    return failure.code if isinstance(failure, ChatError) else str(failure)


class _RoomsTurn:
    """One look at a room of which something is to be summarised. What is done is taken out of `marks`."""

    def __init__(self, deployment: Deployment, room: Room, marks: Marks) -> None:
        self._deployment = deployment
        self._room = room
        self._marks = marks
        self._deadline = deadline_of(deployment)

    def take(self) -> int:
        """Answers for how long (ms) to wait until the next. Raises `ServiceUnavailable` and `StoreFailure`."""
        deployment, room = self._deployment, self._room
        item = retried(deployment, lambda: deployment.store.tables.get(head_place(room)))
        if item is None or (head := Head.of(item)).ended_at:
            forget(deployment, room, list(self._marks))
            self._marks.clear()
            return 0
        listed = marks_of(deployment, room, list(self._marks), self._deadline)
        for message_id, number in list(self._marks.items()):
            if message_id not in listed or not listed[message_id].waits_for(number):
                del self._marks[message_id]
        if not self._marks:
            return 0
        if wait := wait_ms(head, deployment.now(), deployment.max_clock_skew_ms):
            return wait
        self._summarise(head, listed)
        return 0

    def _summarise(self, head: Head, listed: Mapping[str, Mark]) -> None:
        """One revision: of the own messages first, and of as many of the others as have place. Nothing where another process
        makes one just now: it has all that was marked when it looked."""
        deployment, room = self._deployment, self._room
        others = [each for each, found in listed.items() if each not in self._marks and found.is_open]
        wanted, gone = self._wanted(head, [*self._marks, *others][:MOST_MESSAGES], listed)
        counts = counted(deployment, wanted, self._deadline)
        step = partial(summarised, deployment, room, counts)
        done = until_room_is_changed(deployment, Tally(), room, step).message_ids
        settled = {each.where.message_id: each.marked for each in counts if each.where.message_id in done}
        settle(deployment, room, settled | {each: listed[each].number for each in gone})
        for message_id in (*settled, *gone):
            self._marks.pop(message_id, None)

    def _wanted(
        self, head: Head, chosen: Sequence[str], listed: Mapping[str, Mark]
    ) -> tuple[list[Wanted], list[str]]:
        """What is to be counted, and the messages that there is nothing to say of any more."""
        deployment, room = self._deployment, self._room
        where = {each: ReactionPlace(room, each) for each in chosen}
        places = [message_place(room, each) for each in chosen] + [each.kinds for each in where.values()]
        found = found_at(deployment, places, self._deadline, consistent=True)
        wanted, gone = [], []
        for each in chosen:
            item = found.get(message_place(room, each))
            if item is None or not readable(deployment, room, head, each, item):
                gone.append(each)
                continue
            summary = item["reactions"]["S"] if "reactions" in item else None
            wanted.append(Wanted(where[each], found.get(where[each].kinds), summary, listed[each].number))
        return wanted, gone
