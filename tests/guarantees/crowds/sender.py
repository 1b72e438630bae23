"""One sender: a process with a memory of its own. Started by crowd.py;
one line of JSON for each call's outcome.

    python -m tests.guarantees.crowds.sender '{"endpoint": …, "room": …, "user": …, "first": 0, …}'

It reports `ready`, waits for a line, and then sends messages `first` to `count`, each again until it is
stored, and now and then one that it has sent before.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.tally import Tally
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.guarantees.support.fixtures import send, store_of


@dataclass(frozen=True)
class SenderConfig:
    """What a sender is to do. `per_second` 0 is as fast as it can; `killed_at` is the
    message after whose request it is killed."""

    endpoint: str
    room: str
    user: str
    first: int
    count: int
    per_second: float
    again: float
    killed_at: int
    seed: int


def report(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def kill_after_sending(request: Any) -> None:
    """Let the request's bytes leave, and end this process before the answer can be read."""
    address = urlsplit(request.url)
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\n" + "".join(
        f"{name}: {value.decode() if isinstance(value, bytes) else value}\r\n"
        for name, value in request.headers.items()
    )
    connection = socket.create_connection((address.hostname or "", address.port or 80))
    connection.sendall(head.encode() + b"\r\n" + request.body)
    os.kill(os.getpid(), signal.SIGKILL)


class Sender:
    def __init__(self, config: SenderConfig) -> None:
        self.config = config
        self.rng = Random(config.seed)  # noqa: S311  repeatable
        client = aws_client("dynamodb", region=REGION, endpoint=config.endpoint, lean=True)
        self.transactions = 0
        self.is_killed = False
        client.meta.events.register("before-send.dynamodb.TransactWriteItems", self._leaving)
        self.deployment = Deployment(store=store_of(client))

    def _leaving(self, request: Any, **_: object) -> None:
        self.transactions += 1
        if self.is_killed:
            kill_after_sending(request)

    def run(self) -> None:
        started = time.monotonic()
        for number in range(self.config.first, self.config.count):
            self._keep_pace(started, number - self.config.first)
            self.is_killed = number == self.config.killed_at
            while not self._send(number):
                pass
            if number and self.rng.random() < self.config.again:
                while not self._send(self.rng.randrange(number), again=True):
                    pass

    def _keep_pace(self, started: float, number: int) -> None:
        if self.config.per_second:
            due = started + (number + self.rng.random()) / self.config.per_second
            time.sleep(max(0.0, due - time.monotonic()))

    def _send(self, number: int, *, again: bool = False) -> bool:
        name, before, began = f"{self.config.user}-{number}", self.transactions, time.monotonic()
        tally = Tally()
        facts: dict[str, Any] = {"number": number, "name": name, "again": again}
        try:
            message = send(
                self.deployment, self.config.room, self.config.user, f"text of {name}", name, tally
            )
            facts |= {"id": message.id, "seq": message.seq}
        except ServiceUnavailable:
            pass
        spent = {"seconds": time.monotonic() - began, "transactions": self.transactions - before}
        report(**facts, **spent, **tally)
        return "id" in facts


def main(read_line: Callable[[], str]) -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    sender = Sender(SenderConfig(**json.loads(sys.argv[1])))
    report(ready=True)
    read_line()
    sender.run()


if __name__ == "__main__":
    main(sys.stdin.readline)
