"""Many senders in processes of their own in one room, some of them killed, with readers beside them; and what is true then."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.rules.instants import to_wire
from chat.storage.aws import client as aws_client
from simulator.engine import PROJECT
from simulator.settings import REGION
from tests.guarantees.crowds.sender import Orders
from tests.guarantees.support.fixtures import follow, new_room, read, store_of, stored

DEADLINE_S = 2.0


@dataclass
class Level:
    """So many senders, and what came of it."""

    senders: int
    each: int
    per_second: float = 0.0
    again: float = 0.2
    deaths: int = 0
    facts: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    restarts: int = 0
    passes: int = 0

    @property
    def fresh(self) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if not fact["again"]]

    @property
    def committed(self) -> int:
        return sum("id" in fact for fact in self.fresh)

    @property
    def attempts(self) -> float:
        """Transactions for each message that was stored."""
        return float(sum(fact["transactions"] for fact in self.fresh) / self.committed)

    @property
    def unavailable(self) -> float:
        """The share of calls that ended as ServiceUnavailable."""
        return sum("id" not in fact for fact in self.facts) / len(self.facts)

    @property
    def in_time(self) -> float:
        """The share of calls that stored their message within the deadline."""
        return float(
            sum("id" in fact and fact["seconds"] <= DEADLINE_S for fact in self.fresh) / len(self.fresh)
        )

    def wait_ms(self, share: float) -> float:
        """The time within which this share of the calls was answered."""
        waits = sorted(fact["seconds"] for fact in self.fresh)
        return float(1_000 * waits[min(len(waits) - 1, int(share * len(waits)))])


def run(level: Level, endpoint: str) -> None:
    """Let the level happen and check it. Raises `AssertionError`."""
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    users = [f"u{number}" for number in range(level.senders)]
    room = new_room(client, *users, "reader")
    mortal = set(Random(level.senders).sample(users, min(level.deaths, level.senders)))  # noqa: S311  repeatable
    with ExitStack() as stack:
        crews = [stack.enter_context(_crew(level, endpoint, room, user, user in mortal)) for user in users]
        over = threading.Event()
        readers = [_Reader(_deployment(endpoint), room, over, forward=forward) for forward in (True, False)]
        began = time.monotonic()
        threads = [threading.Thread(target=crew) for crew in crews]
        threads += [threading.Thread(target=reader.run) for reader in readers]
        for thread in threads:
            thread.start()
        for thread in threads[: len(crews)]:
            thread.join()
        level.seconds = time.monotonic() - began
        over.set()
        for thread in threads[len(crews) :]:
            thread.join()
    level.passes = readers[1].passes
    _check(level, stored(client, room), readers)


def _deployment(endpoint: str) -> Deployment:
    return Deployment(
        store=store_of(aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=5, lean=True))
    )


@contextmanager
def _crew(level: Level, endpoint: str, room: str, user: str, mortal: bool) -> Iterator[Callable[[], None]]:
    """What lets `user` send: a process, and another one after its death, which begins with the message of the death."""
    dies_at = level.each // 2 if mortal else -1
    orders = Orders(
        endpoint, room, user, 0, level.each, level.per_second, level.again, dies_at, int(user[1:])
    )
    processes = [_start(orders)]

    def work() -> None:
        done = _collect(processes[-1], level)
        while processes[-1].wait() != 0 and len(processes) < 3:
            level.restarts += 1
            processes.append(_start(Orders(**asdict(orders) | {"first": done, "dies_at": -1})))
            done = _collect(processes[-1], level)

    try:
        yield work
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _start(orders: Orders) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.guarantees.crowds.sender", json.dumps(asdict(orders))],
        cwd=PROJECT,
        env={"PYTHONPATH": ".:layers/chat/python"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert json.loads(process.stdout.readline()) == {"ready": True}
    return process


def _collect(process: "subprocess.Popen[str]", level: Level) -> int:
    """Let it begin, and take down what it says. The number of the first message that it has not told of."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    following = 0
    for line in process.stdout:
        fact = json.loads(line)
        level.facts.append(fact)
        if not fact["again"] and "id" in fact:
            following = fact["number"] + 1
    return following


@dataclass
class _Reader:
    """Follows the room while it is written: forward from where it was, or newest first again and again."""

    deployment: Deployment
    room: str
    over: threading.Event
    forward: bool
    got: list[int] = field(default_factory=list)
    passes: int = 0
    since: str = ""
    trouble: list[str] = field(default_factory=list)

    def run(self) -> None:
        last = False
        while not last:
            last = self.over.is_set()  # what is read after the end is all there is
            if self.forward:
                self._go_on()
            else:
                self._go_back()
            self.over.wait(0.02)

    def _go_on(self) -> None:
        since = {"after": self.since} if self.since else {}
        for message in follow(self.deployment, self.room, "reader", order="OLDEST_FIRST", limit=20, **since):
            self.got.append(message.seq or 0)
            self.since = to_wire(message.ts)

    def _go_back(self) -> None:
        head = read(self.deployment, self.room, "reader", limit=1).head.seq
        numbers = [message.seq or 0 for message in follow(self.deployment, self.room, "reader", limit=100)]
        self.passes += 1
        if numbers != list(range(len(numbers), 0, -1)) or len(numbers) < head:
            self.trouble.append(f"head {head}, then {numbers[:5]} … {len(numbers)}")
        self.got = numbers[::-1]


def _check(level: Level, kept: list[dict[str, Any]], readers: list[_Reader]) -> None:
    """Numbers run 1 … n, nothing is lost, nothing is there twice, and every reader saw all."""
    names = {f"u{sender}-{number}" for sender in range(level.senders) for number in range(level.each)}
    everything = list(range(1, len(names) + 1))
    assert [item["seq"] for item in kept] == everything
    assert {item["clientMessageId"] for item in kept} == names
    assert all(item["text"] == f"text of {item['clientMessageId']}" for item in kept)
    by_name = {item["clientMessageId"]: item for item in kept}
    for fact in level.facts:
        if "id" in fact:
            item = by_name[fact["name"]]
            assert (fact["id"], fact["seq"]) == (item["id"], item["seq"])
    for reader in readers:
        assert reader.trouble == []
        assert reader.got == everything
