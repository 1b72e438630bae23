"""Calls that run side by side, yet one step at a time in an order that dice choose: each request to the store waits at a gate.

A step is what a call does between two requests. So two calls interleave in any order of their requests, a seed gives the same
order again, and no time is slept.
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
from simulator.settings import TABLES
from tests.guarantees.catch_up.follower_events import Head

WRITES = ("transact_write_items", "update_item", "put_item", "delete_item")


@dataclass(frozen=True, slots=True)
class Commit:
    """A write that took effect: by which call, in which place of all, and the room's head just after it."""

    call: str
    order: int
    head: Head


@dataclass(slots=True, eq=False)
class Gate:
    """Where the threads of calls wait to be let through. Its methods but `wait` are for the event loop's thread."""

    dice: Random
    loop: asyncio.AbstractEventLoop
    waiting: list[Callable[[], None]] = field(default_factory=list)
    is_open: bool = False
    _running: int = 0
    _quiet: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, call: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Begin a call, and come back when it waits at the gate or is done."""
        self._running += 1
        self._quiet.clear()
        task = self.loop.create_task(call)
        task.add_done_callback(lambda _: self._rests())
        await self._quiet.wait()
        return task

    async def let_one_through(self) -> None:
        """Any one of those that wait; comes back when it waits again or is done."""
        let_through = self.waiting.pop(self.dice.randrange(len(self.waiting)))
        self._running += 1
        self._quiet.clear()
        let_through()
        await self._quiet.wait()

    def open(self) -> None:
        """Let everybody through, from here on: no thread is left waiting."""
        self.is_open = True
        for let_through in self.waiting:
            let_through()
        self.waiting.clear()

    def wait(self) -> None:
        """In a call's own thread: until it is let through."""
        if self.is_open:
            return
        ticket = threading.Event()
        self.loop.call_soon_threadsafe(self._arrived, ticket.set)
        ticket.wait()

    async def pause(self) -> None:
        """In a call's coroutine: until it is let through."""
        ticket = asyncio.Event()
        self._arrived(ticket.set)
        await ticket.wait()

    def _arrived(self, let_through: Callable[[], None]) -> None:
        if self.is_open:
            let_through()
            return
        self.waiting.append(let_through)
        self._rests()

    def _rests(self) -> None:
        self._running -= 1
        if not self._running:
            self._quiet.set()


@dataclass(slots=True, eq=False)
class GatedClient:
    """A client of DynamoDB before which there is a gate. Writes are noted; some answers get lost, some writes conflict.

    `call` names who is asking; it is for whoever starts a call to set.
    """

    client: Any
    gate: Gate
    room: Room
    commits: list[Commit]
    call: str = ""
    looked: int = 0
    """How many commits there were at its last look."""
    saw_head: int = 0
    """How many there were at its last look at the head; a membership alone is asked for as transactions left it."""
    lost: float = 0.0
    conflicts: float = 0.0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        ask = getattr(self.client, operation)

        def gated(**request: Any) -> Any:
            self.gate.wait()
            is_write = operation in WRITES
            if not is_write:
                self.looked = len(self.commits)
                self.saw_head = self.saw_head if operation == "transact_get_items" else self.looked
            if operation == "transact_write_items" and self.gate.dice.random() < self.conflicts:
                raise _conflict(len(request["TransactItems"]))
            answer = ask(**request)
            if is_write:
                self.commits.append(Commit(self.call, len(self.commits), self.head()))
                if self.gate.dice.random() < self.lost:
                    raise botocore.exceptions.ReadTimeoutError(endpoint_url="lost")
            return answer

        return gated

    def head(self) -> Head:
        """The room's head as it is."""
        item: Item = self.client.get_item(
            TableName=TABLES[f"{self.room.table.upper()}_TABLE"],
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
