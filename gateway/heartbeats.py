"""What the clients of this process say of themselves, passed on to the chat: which devices are there, and up to where they have
their rooms.

One call of `heartbeats`, in the service's own name, is for up to a hundred people. An API that does not have this field, or does
not take it from the service, gets a `heartbeat` for each client, with the client's own token; after ten minutes it is asked
again.

Whom a call names is whoever showed a good token to this process, and nobody else: the chat cannot know that, and believes the
platform role `gateway` (docs/gateway.md).
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from gateway import documents
from gateway.appsync import UNAVAILABLE, UpstreamRefused, refusal_of
from gateway.client import Client, Report
from gateway.documents import Document
from gateway.metrics import Metrics
from gateway.server_frames import Refusal

log = logging.getLogger(__name__)

MOST_PEOPLE = 100
"""How many people one call may name."""

MOST_POSITIONS = 500
"""How many rooms they may name in all."""

CALLS_AT_ONCE = 20
"""How many calls are underway at once."""

EARLY_SECONDS = 3.0
"""A call that is not full takes along who would be due so soon."""

RETRY_SECONDS = 5.0
"""After how long, or up to twice that, what was not taken is said again: a device that was heard of a minute ago must not
count as gone."""

ALONE_SECONDS = 600.0
"""For how long clients are reported one by one after the API has refused to hear of many."""

OF_THE_CALL = frozenset({"InternalError", "InvalidInput"})
"""Refusals that one person in a call may be the cause of: these people are reported one by one, once."""


class Ask(Protocol):
    """Asks the chat in the service's own name. Raises `UpstreamRefused`."""

    async def __call__(self, document: Document, people: Sequence[dict[str, Any]], /) -> Any: ...


class Heartbeats:
    """`ask` asks in the service's name; `seconds`: how often each client is reported, about; `now`: monotonic seconds;
    `chance`: a number between two."""

    def __init__(
        self,
        ask: Ask,
        metrics: Metrics,
        seconds: float,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._ask, self._metrics, self._seconds = ask, metrics, seconds
        self._now, self._chance = now, chance
        self._alone_until = float("-inf")

    @property
    def are_alone(self) -> bool:
        """Whether clients are reported one by one."""
        return self._now() < self._alone_until

    async def pass_on(self, clients: Iterable[Client], leaving: Iterable[Client]) -> None:
        """Report who is due of `clients`, and that those who are `leaving` are gone."""
        turns = asyncio.Semaphore(CALLS_AT_ONCE)
        sending = [self._in_turn(turns, reports) for reports in self._batches(self._due(clients, leaving))]
        for failed in filter(None, await asyncio.gather(*sending, return_exceptions=True)):
            log.error("heartbeats failed", extra={"error": type(failed).__name__})

    def _due(self, clients: Iterable[Client], leaving: Iterable[Client]) -> list[Report]:
        """What is to be said now; and, so that the last call is full, of those who would be due in a moment."""
        now = self._now()
        soon = sorted(
            (each for each in clients if each.needs_heartbeat and each.due_at <= now + EARLY_SECONDS),
            key=lambda client: client.due_at,
        )
        reports = [client.report("OFFLINE") for client in leaving]
        due = sum(client.due_at <= now for client in soon)
        count = due + -(due + len(reports)) % MOST_PEOPLE
        for client in soon[:count]:
            reports.append(client.report())
            client.heard(now, now + self._seconds * self._chance(0.9, 1.05))
        return reports

    def _batches(self, reports: Sequence[Report]) -> Iterator[list[Report]]:
        batch: list[Report] = []
        room = MOST_POSITIONS
        for report in reports:
            if len(batch) == MOST_PEOPLE or len(report.rooms) > room:
                yield batch
                batch, room = [], MOST_POSITIONS
            batch.append(report)
            room -= len(report.rooms)
        if batch:
            yield batch

    async def _in_turn(self, turns: asyncio.Semaphore, reports: list[Report]) -> None:
        if not self.are_alone:
            async with turns:
                reports = await self._together(reports)
        for_each = (self._alone(turns, each) for each in reports)
        await asyncio.gather(*for_each)

    async def _together(self, reports: list[Report]) -> list[Report]:
        """Say it in one call; what is to be said one by one in its place."""
        self._metrics.heartbeat_calls.labels("together").inc()
        try:
            answers = await self._ask(documents.HEARTBEATS, [each.to_wire() for each in reports])
        except UpstreamRefused as refused:
            return self._refused_together(reports, refused.refusal)
        if not isinstance(answers, list) or len(answers) != len(reports):
            return self._refused_together(reports, UNAVAILABLE)
        for report, answer in zip(reports, answers, strict=True):
            if answer["errorType"] is None:
                self._metrics.heartbeats.labels("together").inc()
            else:
                self._not_taken(report, refusal_of(answer["errorType"], answer["message"]))
        return []

    def _refused_together(self, reports: list[Report], refusal: Refusal) -> list[Report]:
        self._metrics.heartbeat_refusals.labels(refusal.name).inc()
        if refusal.code == UNAVAILABLE.code:
            for report in reports:
                self._not_taken(report, refusal)
            return []
        if refusal.name not in OF_THE_CALL:
            self._alone_until = self._now() + ALONE_SECONDS * self._chance(0.9, 1.1)
            log.warning("heartbeats go one by one", extra={"reason": refusal.name})
        return reports

    async def _alone(self, turns: asyncio.Semaphore, report: Report) -> None:
        """In the client's own name."""
        async with turns:
            self._metrics.heartbeat_calls.labels("alone").inc()
            try:
                await report.client.say(report)
            except UpstreamRefused as refused:
                self._not_taken(report, refused.refusal)
            else:
                self._metrics.heartbeats.labels("alone").inc()

    def _not_taken(self, report: Report, refusal: Refusal) -> None:
        """It is said again with the next one. Nobody is waiting for it."""
        self._metrics.refused(refusal.code)
        if report.status == "OFFLINE":
            return  # it expires by itself
        wait = RETRY_SECONDS
        if refusal.code == "RateLimited":
            wait = max(wait, int(refusal.values.get("retryAfterMs", 0)) / 1_000)
        report.client.take_back(report, self._now() + self._chance(wait, 2 * wait))
