"""Calls that run side by side, yet one step at a time in a random order: each
request to the store waits for the scheduler.

A step is what a call does between two requests. So two calls interleave in any order of their requests, a
seed gives the same order again, and no time is slept.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import botocore.exceptions

from chat.rules.models import Item
from chat.rules.rooms import Room
from tests.guarantees.catch_up.follower_events import Head
from tests.guarantees.support.fixtures import table_name

WRITES = ("transact_write_items", "update_item", "put_item", "delete_item")


@dataclass(frozen=True, slots=True)
class Commit:
    """A write that took effect: by which call, in which place of all, and the room's head just after it."""

    call: str
    order: int
    head: Head


@dataclass(slots=True, eq=False)
class Scheduler:
    """Where the threads of calls wait for their turn. Its methods but
    `wait` are for the event loop's thread."""

    rng: Random
    loop: asyncio.AbstractEventLoop
    waiting: list[Callable[[], None]] = field(default_factory=list)
    is_released: bool = False
    _running: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, call: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Begin a call, and come back when it waits for the scheduler or is done."""
        self._running += 1
        self._idle.clear()
        task = self.loop.create_task(call)
        task.add_done_callback(lambda _: self._stopped())
        await self._idle.wait()
        return task

    async def step(self) -> None:
        """Any one of those that wait; comes back when it waits again or is done."""
        resume = self.waiting.pop(self.rng.randrange(len(self.waiting)))
        self._running += 1
        self._idle.clear()
        resume()
        await self._idle.wait()

    def release_all(self) -> None:
        """Let all go on, from here on: no thread is left waiting."""
        self.is_released = True
        for resume in self.waiting:
            resume()
        self.waiting.clear()

    def wait(self) -> None:
        """In a call's own thread: until its turn."""
        if self.is_released:
            return
        ticket = threading.Event()
        self.loop.call_soon_threadsafe(self._arrived, ticket.set)
        ticket.wait()

    async def wait_in_coroutine(self) -> None:
        """In a call's coroutine: until its turn."""
        ticket = asyncio.Event()
        self._arrived(ticket.set)
        await ticket.wait()

    def _arrived(self, resume: Callable[[], None]) -> None:
        if self.is_released:
            resume()
            return
        self.waiting.append(resume)
        self._stopped()

    def _stopped(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()


@dataclass(slots=True, eq=False)
class ScheduledClient:
    """A client of DynamoDB whose requests wait for the scheduler. Writes are noted;
    some answers get lost, some writes conflict.

    `call` names the call that makes the requests; whoever starts it sets it.
    """

    client: Any
    scheduler: Scheduler
    room: Room
    commits: list[Commit]
    call: str = ""
    commits_at_read: int = 0
    """How many commits there were at its last read."""
    commits_at_head_read: int = 0
    """How many there were when it last read the head; a membership alone is read as transactions left it."""
    lost: float = 0.0
    conflicts: float = 0.0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        ask = getattr(self.client, operation)

        def scheduled(**request: Any) -> Any:
            self.scheduler.wait()
            is_write = operation in WRITES
            if not is_write:
                self.commits_at_read = len(self.commits)
                self.commits_at_head_read = (
                    self.commits_at_head_read if operation == "transact_get_items" else self.commits_at_read
                )
            if operation == "transact_write_items" and self.scheduler.rng.random() < self.conflicts:
                raise _conflict(len(request["TransactItems"]))
            answer = ask(**request)
            if is_write:
                self.commits.append(Commit(self.call, len(self.commits), self.head()))
                if self.scheduler.rng.random() < self.lost:
                    raise botocore.exceptions.ReadTimeoutError(endpoint_url="lost")
            return answer

        return scheduled

    def head(self) -> Head:
        """The room's head as it is."""
        item: Item = self.client.get_item(
            TableName=table_name(self.room),
            Key={"PK": {"S": self.room.partition_key}, "SK": {"S": "HEAD"}},
            ConsistentRead=True,
        )["Item"]
        seq, epoch, rev = (int(item[name]["N"]) for name in ("seq", "epoch", "rev"))
        return Head(seq=seq, ts=None, epoch=epoch, rev=rev)


def _conflict(actions: int) -> botocore.exceptions.ClientError:
    """What DynamoDB says of a transaction that met another one on its first item."""
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (actions - 1)]
    response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return botocore.exceptions.ClientError(response, "TransactWriteItems")  # type: ignore[arg-type]
