"""Many senders in processes of their own in one room, some of them killed, with readers beside them; and the
checks of what they leave."""

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
from tests.guarantees.crowds.sender import SenderConfig
from tests.guarantees.support.fixtures import follow, new_room, read, store_of, stored

DEADLINE_S = 2.0


@dataclass
class Level:
    """So many senders, and the results."""

    sender_count: int
    each: int
    per_second: float = 0.0
    again: float = 0.2
    kills: int = 0
    reports: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    restarts: int = 0
    passes: int = 0

    @property
    def first_sends(self) -> list[dict[str, Any]]:
        return [report for report in self.reports if not report["again"]]

    @property
    def committed(self) -> int:
        return sum("id" in report for report in self.first_sends)

    @property
    def attempts(self) -> float:
        """Transactions for each message that was stored."""
        return float(sum(report["transactions"] for report in self.first_sends) / self.committed)

    @property
    def unavailable(self) -> float:
        """The share of calls that ended as ServiceUnavailable."""
        return sum("id" not in report for report in self.reports) / len(self.reports)

    @property
    def in_time(self) -> float:
        """The share of calls that stored their message within the deadline."""
        return float(
            sum("id" in report and report["seconds"] <= DEADLINE_S for report in self.first_sends)
            / len(self.first_sends)
        )

    def wait_ms(self, share: float) -> float:
        """The time within which this share of the calls was answered."""
        waits = sorted(report["seconds"] for report in self.first_sends)
        return float(1_000 * waits[min(len(waits) - 1, int(share * len(waits)))])


def run(level: Level, endpoint: str) -> None:
    """Run the level and check it. Raises `AssertionError`."""
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    users = [f"u{number}" for number in range(level.sender_count)]
    room = new_room(client, *users, "reader")
    killed = set(Random(level.sender_count).sample(users, min(level.kills, level.sender_count)))  # noqa: S311  repeatable
    with ExitStack() as stack:
        senders = [
            stack.enter_context(_sender(level, endpoint, room, user, user in killed)) for user in users
        ]
        over = threading.Event()
        readers = [Reader(_deployment(endpoint), room, over, forward=forward) for forward in (True, False)]
        began = time.monotonic()
        threads = [threading.Thread(target=sender) for sender in senders]
        threads += [threading.Thread(target=reader.run) for reader in readers]
        for thread in threads:
            thread.start()
        for thread in threads[: len(senders)]:
            thread.join()
        level.seconds = time.monotonic() - began
        over.set()
        for thread in threads[len(senders) :]:
            thread.join()
    level.passes = readers[1].passes
    _check(level, stored(client, room), readers)


def _deployment(endpoint: str) -> Deployment:
    return Deployment(
        store=store_of(aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=5, lean=True))
    )


@contextmanager
def _sender(level: Level, endpoint: str, room: str, user: str, killed: bool) -> Iterator[Callable[[], None]]:
    """A function that lets `user` send: in a process, and in another one after it
    was killed, from the message of then on."""
    killed_at = level.each // 2 if killed else -1
    config = SenderConfig(
        endpoint, room, user, 0, level.each, level.per_second, level.again, killed_at, int(user[1:])
    )
    processes = [_start(config)]

    def work() -> None:
        done = _collect(processes[-1], level)
        while processes[-1].wait() != 0 and len(processes) < 3:
            level.restarts += 1
            processes.append(_start(SenderConfig(**asdict(config) | {"first": done, "killed_at": -1})))
            done = _collect(processes[-1], level)

    try:
        yield work
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _start(config: SenderConfig) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.guarantees.crowds.sender", json.dumps(asdict(config))],
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
    """Let it begin, and keep its reports. Returns the number of the
    first message that it has not reported."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    following = 0
    for line in process.stdout:
        report = json.loads(line)
        level.reports.append(report)
        if not report["again"] and "id" in report:
            following = report["number"] + 1
    return following


@dataclass
class Reader:
    """Follows the room while it is written: forward from where it was, or newest first again and again."""

    deployment: Deployment
    room: str
    over: threading.Event
    forward: bool
    got: list[int] = field(default_factory=list)
    passes: int = 0
    since: str = ""
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        last = False
        while not last:
            last = self.over.is_set()  # what is read after the end is all there is
            if self.forward:
                self._read_forward()
            else:
                self._read_newest_first()
            self.over.wait(0.02)

    def _read_forward(self) -> None:
        since = {"after": self.since} if self.since else {}
        for message in follow(self.deployment, self.room, "reader", order="OLDEST_FIRST", limit=20, **since):
            self.got.append(message.seq or 0)
            self.since = to_wire(message.ts)

    def _read_newest_first(self) -> None:
        head = read(self.deployment, self.room, "reader", limit=1).head.seq
        numbers = [message.seq or 0 for message in follow(self.deployment, self.room, "reader", limit=100)]
        self.passes += 1
        if numbers != list(range(len(numbers), 0, -1)) or len(numbers) < head:
            self.problems.append(f"head {head}, then {numbers[:5]} … {len(numbers)}")
        self.got = numbers[::-1]


def _check(level: Level, kept: list[dict[str, Any]], readers: list[Reader]) -> None:
    """Numbers run 1 … n, nothing is lost, nothing is there twice, and every reader saw all."""
    names = {f"u{sender}-{number}" for sender in range(level.sender_count) for number in range(level.each)}
    everything = list(range(1, len(names) + 1))
    assert [item["seq"] for item in kept] == everything
    assert {item["clientMessageId"] for item in kept} == names
    assert all(item["text"] == f"text of {item['clientMessageId']}" for item in kept)
    by_name = {item["clientMessageId"]: item for item in kept}
    for report in level.reports:
        if "id" in report:
            item = by_name[report["name"]]
            assert (report["id"], report["seq"]) == (item["id"], item["seq"])
    for reader in readers:
        assert reader.problems == []
        assert reader.got == everything
