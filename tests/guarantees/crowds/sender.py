"""One sender: a process with a memory of its own. Started by crowd.py; one line of JSON for each thing that it learns.

    python -m tests.guarantees.crowds.sender '{"endpoint": …, "room": …, "user": …, "first": 0, "count": 100, …}'

It says `ready`, waits for a line, and then sends messages `first` to `count`, each again until it is stored, and now
and then one that it has sent before.
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
class Orders:
    """What a sender is to do. `per_second` 0 is as fast as it can; `dies_at` is a message whose request it does not survive."""

    endpoint: str
    room: str
    user: str
    first: int
    count: int
    per_second: float
    again: float
    dies_at: int
    seed: int


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def die_after(request: Any) -> None:
    """Let the request's bytes leave, and be gone before the answer can be read."""
    address = urlsplit(request.url)
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\n" + "".join(
        f"{name}: {value.decode() if isinstance(value, bytes) else value}\r\n"
        for name, value in request.headers.items()
    )
    connection = socket.create_connection((address.hostname or "", address.port or 80))
    connection.sendall(head.encode() + b"\r\n" + request.body)
    os.kill(os.getpid(), signal.SIGKILL)


class Sender:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.chance = Random(orders.seed)  # noqa: S311  repeatable
        client = aws_client("dynamodb", region=REGION, endpoint=orders.endpoint, lean=True)
        self.transactions = 0
        self.mortal = False
        client.meta.events.register("before-send.dynamodb.TransactWriteItems", self._leaving)
        self.deployment = Deployment(store=store_of(client))

    def _leaving(self, request: Any, **_: object) -> None:
        self.transactions += 1
        if self.mortal:
            die_after(request)

    def run(self) -> None:
        started = time.monotonic()
        for number in range(self.orders.first, self.orders.count):
            self._keep_pace(started, number - self.orders.first)
            self.mortal = number == self.orders.dies_at
            while not self._send(number):
                pass
            if number and self.chance.random() < self.orders.again:
                while not self._send(self.chance.randrange(number), again=True):
                    pass

    def _keep_pace(self, started: float, number: int) -> None:
        if self.orders.per_second:
            due = started + (number + self.chance.random()) / self.orders.per_second
            time.sleep(max(0.0, due - time.monotonic()))

    def _send(self, number: int, *, again: bool = False) -> bool:
        name, before, began = f"{self.orders.user}-{number}", self.transactions, time.monotonic()
        tally = Tally()
        facts: dict[str, Any] = {"number": number, "name": name, "again": again}
        try:
            message = send(
                self.deployment, self.orders.room, self.orders.user, f"text of {name}", name, tally
            )
            facts |= {"id": message.id, "seq": message.seq}
        except ServiceUnavailable:
            pass
        spent = {"seconds": time.monotonic() - began, "transactions": self.transactions - before}
        say(**facts, **spent, **tally)
        return "id" in facts


def main(read_line: Callable[[], str]) -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    sender = Sender(Orders(**json.loads(sys.argv[1])))
    say(ready=True)
    read_line()
    sender.run()


if __name__ == "__main__":
    main(sys.stdin.readline)
