"""That something has moved, told to a person once in a while by all processes together.

Who tells it first says so in the person's own item, on condition that nobody has within the time; a process remembers what it
found there, so that most messages of a busy room ask nothing.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.person_events import PersonEvent
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.own_item import Own, own_of, own_place
from chat.storage.aws import ConditionFailed, StoreFailure
from chat.storage.memory import Recent
from chat.storage.tables import Write

MAY_BE_TOLD = (
    "(attribute_not_exists(#quietUntil) OR #quietUntil <= :now OR #quietUntil > :furthest)"
    " AND (attribute_not_exists(#movedTs) OR #movedTs < :ts)"
)
"""Not within the time; what lies further ahead than that was written by a wrong clock. And not of a message that is no newer
than one that was told: who looked then has seen it, so that records that come again tell nothing."""


@record(frozen=True, slots=True)
class Quiet:
    """Until when (ms) somebody is told nothing, and of which message (ms) they were last."""

    until: int
    ts: int


class Moved:
    """`every_ms`: how long nobody is told again."""

    def __init__(self, deployment: Deployment, every_ms: int) -> None:
        self._deployment, self._every_ms = deployment, every_ms
        self._people: Recent[Quiet] = Recent(10_000)
        self._rooms: Recent[int] = Recent(10_000)

    def knows_quiet(self, room: Room, sender: str) -> bool:
        """Whether everybody in the room but its sender is known to be told nothing now."""
        until = self._rooms.get((room.partition_key, sender))
        return until is not None and self._is_within(until)

    def knows_told(self, told: PersonEvent) -> bool:
        """Whether the person is known to have been told within the time, or of a later message."""
        known = self._people.get(told.user_id)
        return known is not None and (self._is_within(known.until) or self._ts(told) <= known.ts)

    def see(self, user_id: str, own: Own) -> None:
        """Remember what the person's item says."""
        known = self._people.get(user_id)
        if own.quiet_until and (known is None or known.until < own.quiet_until):
            self._remember(user_id, Quiet(own.quiet_until, own.moved_ts))

    def remember_room(self, room: Room, sender: str, people: Collection[str]) -> None:
        """What is known of everybody else in the room, after they were told."""
        known = [self._people.get(each) for each in people]
        untils = [each.until for each in known if each is not None]
        if untils and len(untils) == len(known):
            self._rooms.put((room.partition_key, sender), min(untils), self._deployment.monotonic())

    def claim(self, told: PersonEvent) -> PersonEvent | None:
        """The event with the instant until which nothing is told after it; `None` where they were told within the time, or of
        a later message. Raises `StoreFailure`."""
        if self.knows_told(told):
            return None
        now, ts = self._deployment.now(), self._ts(told)
        quiet = Quiet(now + self._every_ms, ts)
        write = Write(
            own_place(told.user_id),
            condition=MAY_BE_TOLD,
            given={":now": now, ":furthest": now + 2 * self._every_ms, ":ts": ts},
            set={"type": "Mine", "quietUntil": quiet.until, "movedTs": quiet.ts},
        )
        try:
            self._deployment.store.tables.update(write)
        except ConditionFailed as told_before:
            own = own_of(told_before.item)
            self._remember(told.user_id, Quiet(own.quiet_until, own.moved_ts))
            return None
        self._remember(told.user_id, quiet)
        return replace(told, quiet_until=quiet.until)

    @contextmanager
    def returned_on_failure(self, claimed: PersonEvent) -> Iterator[None]:
        """Where the person could not be told, the next attempt may tell them."""
        try:
            yield
        except StoreFailure:
            self._people.forget(claimed.user_id)
            given_back = Write(
                own_place(claimed.user_id),
                condition="#quietUntil = :until",
                given={":until": claimed.quiet_until},
                remove=("quietUntil", "movedTs"),
            )
            with suppress(StoreFailure, ServiceUnavailable):
                self._deployment.store.tables.update(given_back)
            raise

    def _remember(self, user_id: str, quiet: Quiet) -> None:
        self._people.put(user_id, quiet, self._deployment.monotonic())

    def _ts(self, told: PersonEvent) -> int:
        """A room's clock may be ahead."""
        return min(told.ts, self._deployment.now())

    def _is_within(self, until: int) -> bool:
        return self._deployment.now() < until <= self._deployment.now() + 2 * self._every_ms
