"""How long a message takes to a subscriber by both ways to publish, beside each other: `python -m bench.delay`.

Each way has an API, an engine and a subscriber of its own; messages go to them in turn, so that whatever else the
machine does meets both. What is measured is this machine's: in the cloud the stream's part is Lambda's polling, of
which AWS says no figure but "several times a second"
(https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.gateway.servers import end, inherited
from simulator.keys import signing_key
from simulator.subscribe import follow

WAYS = ("sender", "stream")
ROOM = "lobby"
SEND = """
mutation ($text: String!, $name: ID!) {
  sendMessage(roomId: "lobby", text: $text, clientMessageId: $name) {
    id roomId senderId text ts seq epoch clientMessageId
  }
}
"""
PATIENCE = 20.0
"""Seconds for one message."""


@dataclass
class Way:
    """One API with a subscriber. `heard`: when each message came, by its own name (s, monotonic)."""

    name: str
    address: str
    token: str
    heard: dict[str, float] = field(default_factory=dict)
    answered_ms: list[float] = field(default_factory=list)
    heard_ms: list[float] = field(default_factory=list)

    def hear(self, event: Any) -> None:
        self.heard.setdefault(event["clientMessageId"], time.perf_counter())

    async def send(self, http: aiohttp.ClientSession, name: str) -> None:
        """Send one message, and wait until it is answered and heard."""
        body = {"query": SEND, "variables": {"text": "x" * 100, "name": name}}
        started = time.perf_counter()
        async with http.post(
            f"http://{self.address}/graphql", json=body, headers={"Authorization": self.token}
        ) as response:
            answer = await response.json()
        answered = time.perf_counter()
        if answer.get("errors"):
            raise RuntimeError(answer["errors"])
        while name not in self.heard:
            if time.perf_counter() - started > PATIENCE:
                raise RuntimeError(f"{self.name}: a message was not heard")
            await asyncio.sleep(0.001)
        self.answered_ms.append((answered - started) * 1_000)
        self.heard_ms.append((self.heard[name] - started) * 1_000)


def _start(name: str, state: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "simulator", "run", f"--state={state}", "--port=0", f"--publish={name}"]
    return subprocess.Popen(command, env=inherited(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


@asynccontextmanager
async def api(name: str, state: Path) -> AsyncIterator[Way]:
    """An API that publishes this way."""
    process = _start(name, state)
    try:
        first = await asyncio.to_thread(process.stdout.readline) if process.stdout else b""
        if not first.startswith(b"ready http://"):
            raise RuntimeError("the API does not start")
        address = first.decode().removeprefix("ready http://").split("/")[0]
        token = signing_key(state / "keys").mint("alice", now=int(time.time()), ttl=36_000, roles=())
        yield Way(name, address, token)
    finally:
        end(process)
        if process.stdout:
            process.stdout.close()


async def measure(messages: int) -> list[Way]:
    with tempfile.TemporaryDirectory() as folder:
        states = [Path(folder) / name for name in WAYS]
        async with api(WAYS[0], states[0]) as first, api(WAYS[1], states[1]) as second:
            ways = [first, second]
            following = [asyncio.create_task(follow(way.address, way.token, ROOM, way.hear)) for way in ways]
            async with aiohttp.ClientSession() as http:
                await asyncio.gather(*(_warm(way, http) for way in ways))
                for number in range(messages):
                    for way in ways:
                        await way.send(http, f"m{number}")
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            return ways


async def _warm(way: Way, http: aiohttp.ClientSession) -> None:
    """Send until the subscriber hears, which then is subscribed; nothing of it is counted."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        name = f"warm{time.monotonic_ns()}"
        body = {"query": SEND, "variables": {"text": "warm", "name": name}}
        headers = {"Authorization": way.token}
        async with http.post(f"http://{way.address}/graphql", json=body, headers=headers) as response:
            await response.read()
        for _ in range(100):
            if name in way.heard:
                return
            await asyncio.sleep(0.01)
    raise RuntimeError(f"{way.name}: nobody hears")


def line(way: Way) -> dict[str, Any]:
    """Medians, and the 95th of 100, in milliseconds."""

    def of(found: list[float]) -> dict[str, float]:
        return {
            "p50": round(statistics.median(found), 1),
            "p95": round(statistics.quantiles(found, n=20)[-1], 1),
        }

    return {"publish": way.name, "answeredMs": of(way.answered_ms), "heardMs": of(way.heard_ms)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.delay", description=__doc__)
    parser.add_argument("--messages", type=int, default=300, help="to each of the two")
    given = parser.parse_args()
    for way in asyncio.run(measure(given.messages)):
        print(json.dumps(line(way)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
