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
from chat.rules.rooms import Room
from chat.steps.own_item import Own, own_of, own_place
from chat.storage.aws import ConditionFailed, StoreFailure
from chat.storage.memory import Recent
from chat.storage.tables import Write

MAY_BE_TOLD = "attribute_not_exists(#quietUntil) OR #quietUntil <= :before OR #quietUntil > :furthest"
"""`:before` is now, or when the message was sent if that is longer ago: who was told looks once more when the time is over, and
has seen by then what was sent within it, so that records that come late or again tell nothing. What lies further ahead was written
by a wrong clock."""


class Moved:
    """`every_ms`: how long nobody is told again."""

    def __init__(self, deployment: Deployment, every_ms: int) -> None:
        self._deployment, self._every_ms = deployment, every_ms
        self._people: Recent[int] = Recent(10_000)
        self._rooms: Recent[dict[str, int]] = Recent(10_000)

    def knows_quiet(self, told: PersonEvent, room: Room, sender: str) -> bool:
        """Whether everybody in the room but its sender is known to be told nothing of it."""
        until = (self._rooms.get(room.partition_key) or {}).get(sender)
        return until is not None and self._is_covered(told, until)

    def knows_told(self, told: PersonEvent) -> bool:
        """Whether the person is known to be told nothing of it."""
        until = self._people.get(told.user_id)
        return until is not None and self._is_covered(told, until)

    def see(self, user_id: str, own: Own) -> None:
        """Remember what the person's item says."""
        if own.quiet_until > (self._people.get(user_id) or 0):
            self._remember(user_id, own.quiet_until)

    def remember_room(self, room: Room, sender: str, people: Collection[str]) -> None:
        """What is known of everybody else in the room, after they were told."""
        known = [self._people.get(each) for each in people]
        untils = [each for each in known if each is not None]
        if untils and len(untils) == len(known):
            of_senders = {**(self._rooms.get(room.partition_key) or {}), sender: min(untils)}
            self._rooms.put(room.partition_key, of_senders, self._deployment.monotonic())

    def forget_room(self, room: Room) -> None:
        """Somebody may have come, who was told nothing yet."""
        self._rooms.forget(room.partition_key)

    def claim(self, told: PersonEvent) -> PersonEvent | None:
        """The event with the instant until which nothing is told after it; `None` where they are to be told nothing. Raises
        `StoreFailure`."""
        if self.knows_told(told):
            return None
        now = self._deployment.now()
        until = now + self._every_ms
        write = Write(
            own_place(told.user_id),
            condition=MAY_BE_TOLD,
            given={":before": self._before(told), ":furthest": now + 2 * self._every_ms},
            set={"type": "Mine", "quietUntil": until},
        )
        try:
            self._deployment.store.tables.update(write)
        except ConditionFailed as told_before:
            self.see(told.user_id, own_of(told_before.item))
            return None
        self._remember(told.user_id, until)
        return replace(told, quiet_until=until)

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
                remove=("quietUntil",),
            )
            with suppress(StoreFailure, ServiceUnavailable):
                self._deployment.store.tables.update(given_back)
            raise

    def _remember(self, user_id: str, until: int) -> None:
        self._people.put(user_id, until, self._deployment.monotonic())

    def _is_covered(self, told: PersonEvent, until: int) -> bool:
        return self._before(told) < until <= self._deployment.now() + 2 * self._every_ms

    def _before(self, told: PersonEvent) -> int:
        """As above; a message may have been stored later than it says, by as much as clocks may differ."""
        return min(self._deployment.now(), told.ts + self._deployment.max_clock_skew_ms)
