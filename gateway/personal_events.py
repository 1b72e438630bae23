"""What happens to the people who are connected, whichever rooms they have open: one subscription to `onMine` for each person,
in the service's own name, shared by their connections.

    enter ─▶ subscribing ─accepted─▶ live ─lost─▶ subscribing
                  └──refused by name──▶ nobody is told, until the API is asked again

`onMine` replays nothing. So clients are told when it begins to be live: what happened before that, `sync` says.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from gateway import server_frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused, jittered
from gateway.client import Client
from gateway.metrics import Metrics
from gateway.realtime import Subscription
from gateway.server_frames import Refusal

log = logging.getLogger(__name__)

STARTS_AT_ONCE = 20
"""How many subscriptions are being started at once: rooms are not to wait for thousands of people."""

IDLE_SECONDS = 30.0
"""How long a person is listened for after their last connection has ended."""

RENEW_SECONDS = 900.0
"""After how long a subscription is made anew, beside the one before: under an epoch that has ended it would be silent for good,
and nothing says so."""

REFUSED_SECONDS = 600.0
"""For how long the API is not asked after it has refused by name."""

LONGEST_SECONDS = 30.0
MOST_EPOCHS = 3
"""How many epochs in a row are taken from refusals before there is a pause."""

IN_PASSING = frozenset({UNAVAILABLE.code, "InternalError", "RateLimited", "StaleEpoch"})
"""Refusals that say nothing against the next attempt."""

Start = Callable[[Subscription, Mapping[str, Any]], Awaitable[None]]
"""Starts a subscription to `onMine` with these variables. Raises `UpstreamRefused`."""


class _Person:
    """Somebody, their connections and their subscription."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.clients: set[Client] = set()
        self.following: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None
        self.lost = asyncio.Event()
        self.is_live = False
        self._subscription: Subscription | None = None
        self._epoch = 0

    def new_subscription(self, on_event: Callable[["_Person", Mapping[str, Any]], None]) -> Subscription:
        made = Subscription(lambda event: on_event(self, event), lambda: self._end(made))
        return made

    def take(self, subscription: Subscription, epoch: int) -> None:
        """This one is live from now on; the one before is ended."""
        was_live, before = self.is_live and epoch == self._epoch, self._subscription
        self._subscription, self._epoch, self.is_live = subscription, epoch, True
        self.lost.clear()
        if before is not None:
            before.close()
        if not was_live:
            self.tell(live=True)

    def close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def tell(self, **fields: Any) -> None:
        frame = server_frames.framed(server_frames.encode("mine", **fields))
        for client in self.clients:
            client.transport.write(frame)

    def _end(self, subscription: Subscription) -> None:
        if subscription is self._subscription:
            self._subscription, self.is_live = None, False
            self.lost.set()
            self.tell(live=False)


class PersonalEvents:
    """Of one process. `start` starts a subscription; `chance`: a number between two."""

    def __init__(
        self, start: Start, metrics: Metrics, chance: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._start, self._metrics, self._chance = start, metrics, chance
        self._people: dict[str, _Person] = {}
        self._turns, self._probing = asyncio.Semaphore(STARTS_AT_ONCE), asyncio.Semaphore(1)
        self._is_taken = False
        """Whether the API has let anybody's events be received. Before it has, it is asked about one person after the other: a
        deployment that tells nobody is to refuse that once."""
        self._usual_epoch = 1
        """What the last person was in: mostly nobody has ever ended their subscriptions."""
        self._again: asyncio.TimerHandle | None = None
        """Set while the API is not asked."""

    @property
    def live(self) -> int:
        """How many people are listened for."""
        return sum(person.is_live for person in self._people.values())

    def enter(self, client: Client) -> None:
        """The client's person is known. What happens to them is written to it from now on."""
        person = self._people.setdefault(client.user_id, _Person(client.user_id))
        if person.ending is not None:
            person.ending.cancel()
            person.ending = None
        person.clients.add(client)
        if person.is_live:
            client.reply(server_frames.encode("mine", live=True))
        self._follow(person)

    def leave(self, client: Client) -> None:
        person = self._people.get(client.user_id)
        if person is None or client not in person.clients:
            return
        person.clients.remove(client)
        if not person.clients:
            loop = asyncio.get_running_loop()
            person.ending = loop.call_later(IDLE_SECONDS, self._forget, person)

    async def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
        following = [person.following for person in self._people.values() if person.following]
        for person in self._people.values():
            if person.ending is not None:
                person.ending.cancel()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    def _forget(self, person: _Person) -> None:
        del self._people[person.user_id]
        if person.following is not None:
            person.following.cancel()
        person.close()

    def _follow(self, person: _Person) -> None:
        if self._again is None and (person.following is None or person.following.done()):
            person.following = asyncio.create_task(self._listen(person))
            person.following.add_done_callback(_log_failure)

    async def _listen(self, person: _Person) -> None:
        """Subscribe, and again when that is lost or has lasted for long; until the API refuses by name."""
        epoch, stale, attempt = self._usual_epoch, 0, 0
        while True:
            subscription = person.new_subscription(self._receive)
            try:
                async with self._turns if self._is_taken else self._probing:
                    if self._again is not None:
                        return
                    await self._start(subscription, {"userId": person.user_id, "epoch": epoch})
            except UpstreamRefused as refused:
                refusal = refused.refusal
                if refusal.name not in IN_PASSING:
                    self._refused(person, refusal)
                    return
                named = int(refusal.values.get("epoch", 0)) if refusal.code == "StaleEpoch" else 0
                epoch, stale = named or epoch, stale + 1 if named else MOST_EPOCHS
                if stale >= MOST_EPOCHS:
                    await asyncio.sleep(jittered(attempt, LONGEST_SECONDS))
                    stale, attempt = 0, min(attempt + 1, 20)
                continue
            self._is_taken, self._usual_epoch, stale, attempt = True, epoch, 0, 0
            person.take(subscription, epoch)
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_SECONDS * self._chance(0.8, 1.2)):
                    await person.lost.wait()
                    await asyncio.sleep(jittered(0))

    def _receive(self, person: _Person, event: Mapping[str, Any]) -> None:
        self._metrics.personal_events.inc(len(person.clients))
        person.tell(event=event)

    def _refused(self, person: _Person, refusal: Refusal) -> None:
        """Nobody is told for a while. Where a deployment tells nobody, that is as it should be."""
        self._is_taken = False
        self._metrics.personal_refusals.labels(refusal.name).inc()
        log.info("personal events are not received", extra={"reason": refusal.name})
        if person.is_live:
            person.close()
            person.is_live = False
            person.tell(live=False)
        if self._again is None:
            wait = REFUSED_SECONDS * self._chance(0.8, 1.2)
            self._again = asyncio.get_running_loop().call_later(wait, self._ask_again)

    def _ask_again(self) -> None:
        self._again = None
        for person in list(self._people.values()):
            self._follow(person)


def _log_failure(done: "asyncio.Task[None]") -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("personal events failed", extra={"error": type(error).__name__})
