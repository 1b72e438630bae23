"""Give the events of a room to targets once more, made again of the tables: what is older than the stream, or was set aside.
An event has the id that it had the first time, so that whoever has it drops it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from chat.deployment import Deployment
from chat.rules.arguments import is_whole
from chat.rules.errors import InvalidInput, NotRoomMember
from chat.rules.events import RoomEvent
from chat.rules.models import Head
from chat.rules.outgoing import Outgoing
from chat.rules.record import record
from chat.rules.revisions import Range
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.emission import Emitter, emit
from chat.steps.rebuilding import rebuild
from chat.steps.retry import retried
from chat.storage.places import head_place

Name = TypeVar("Name", bound=str)


@record(frozen=True, slots=True)
class Wanted:
    """The room's events after the revision `since` and, unless that is `None`, up to `until`."""

    room: Room
    since: int
    until: int | None


def reemit_events(
    deployment: Deployment, emitter: Emitter, arguments: Mapping[str, Any], tally: Tally, seconds: float
) -> dict[str, Any]:
    """Work for so many seconds on what `arguments` (`roomId`, `since`, `until`) say.

    Answers how many were `emitted`, which the targets `refused` (`rev` and `reason`), the ranges of revisions that are
    `missing`, as they cannot be made again, and `next`: the `since` with which to go on, `null` at the end. `failure`
    says in a word which failure of a target ended it before that. Raises `InvalidInput`, `NotRoomMember` (no such room)
    and `ServiceUnavailable`.
    """
    wanted = check_wanted(arguments)
    item = retried(deployment, lambda: deployment.store.tables.get(head_place(wanted.room)))
    if item is None:
        raise NotRoomMember
    head = Head.of(item)
    run = _Run(deployment, emitter, wanted, head, tally, deployment.monotonic() + seconds)
    run.go()
    return run.answer()


def check_wanted(arguments: Mapping[str, Any]) -> Wanted:
    """Raises `InvalidInput`; reads nothing."""
    room, since, until = Room.parse(arguments.get("roomId")), arguments.get("since"), arguments.get("until")
    if not is_whole(since, 0):
        raise InvalidInput("changes.since", argument="since")
    if until is not None and not is_whole(until, 0):
        raise InvalidInput("changes.since", argument="until")
    return Wanted(room, since, until)


def check_targets(arguments: Mapping[str, Any], there: Sequence[Name]) -> Sequence[Name]:
    """Those of the targets that are `there` that `targets` names, without it all of them. Raises `InvalidInput`, also for one
    that is not there: its events would count as given."""
    names = arguments.get("targets")
    if names is None:
        return there
    if not isinstance(names, list) or not names or not all(name in there for name in names):
        raise InvalidInput("events.targets", argument="targets")
    return [name for name in there if name in names]


class _Run:
    def __init__(
        self,
        deployment: Deployment,
        emitter: Emitter,
        wanted: Wanted,
        head: Head,
        tally: Tally,
        deadline: float,
    ) -> None:
        self._deployment = deployment
        self._emitter = emitter
        self._room = wanted.room
        self._head = head
        self._tally = tally
        self._deadline = deadline
        self._position, self._sent_at = wanted.since, -1
        self._until = head.rev if wanted.until is None else min(wanted.until, head.rev)
        self._emitted = 0
        self._refused: list[dict[str, Any]] = []
        self._missing: list[Range] = []
        self._failure: str | None = None

    def go(self) -> None:
        """A page at the least."""
        while self._position < self._until and self._failure is None:
            self._page()
            if self._deployment.monotonic() >= self._deadline:
                return

    def _page(self) -> None:
        page = rebuild(self._deployment, self._room, self._head, self._position, self._until, self._sent_at)
        made = [(event.rev, self._outgoing(event)) for event in page.events]
        sound = [(rev, each) for rev, each in made if each is not None]
        outgoing = [each for _, each in sound]
        outcome = emit(self._emitter, outgoing, self._tally, self._deadline)
        self._emitted += outcome.done - len(outcome.refused)
        self._failure = outcome.failure
        end = page.up_to if outcome.done == len(outgoing) else sound[outcome.done][0] - 1
        for index, reason in outcome.refused.items():
            self._refused.append({"rev": sound[index][0], "reason": reason})
        unsound = [(rev, rev) for rev, each in made if each is None]
        self._missing += [
            (first, min(last, end)) for first, last in sorted([*page.missing, *unsound]) if first <= end
        ]
        self._position = end
        sent = [each.ts for each in page.events if each.kind == "MESSAGE_SENT" and each.rev <= end]
        self._sent_at = max([self._sent_at, *sent])

    def _outgoing(self, event: RoomEvent) -> Outgoing | None:
        """`None` for what is not an event by the contract: whatever the stored item holds."""
        try:
            return Outgoing.of(event, with_text=self._emitter.with_text, rebuilt=True)
        except Exception:  # noqa: BLE001  an item may hold anything, and the room's other events are to go on
            return None

    def answer(self) -> dict[str, Any]:
        self._tally.add("EventsReemitted", self._emitted)
        self._tally.add("RevisionsMissing", sum(last - first + 1 for first, last in self._missing))
        return {
            "roomId": self._room.id,
            "emitted": self._emitted,
            "refused": self._refused,
            "missing": [list(each) for each in self._missing],
            "next": self._position if self._position < self._until else None,
            "failure": self._failure,
        }
