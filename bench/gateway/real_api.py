"""The gateway before the real API: the engine, `make run` and `make gateway`, as a developer starts them, and a room
of many people in it."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.gateway.crowd import Address, Crowd
from bench.gateway.gateway_server import gateway_environment
from bench.gateway.servers import Publish, Running, end, inherited, listening, start
from bench.gateway.usage import usage
from chat.rules.rooms import Room
from chat.steps.new_room import add_room
from chat.storage import keys
from chat.storage.aws import client as aws_client
from chat.storage.items import key, values
from chat.storage.store import Store
from simulator.engine import Kind, embedded
from simulator.keys import SigningKey, signing_key
from simulator.ports import free_port
from simulator.settings import REGION, TABLES

ROOM = "crowd"
OVERHEAD = 545
"""Bytes of a frame around its text."""


@dataclass(kw_only=True)
class Everything(Running):
    """The gateway, with what is behind it. `headers`: of each person's handshake; `programs`: process ids."""

    headers: list[str]
    programs: dict[str, int]

    def cpu_s(self) -> dict[str, float]:
        """What each program has used so far."""
        return {name: usage(pid).cpu_s for name, pid in self.programs.items()}


@asynccontextmanager
async def gateway_and_api(engine: Kind, people: int) -> AsyncIterator["Everything"]:
    """All of it. A text is sent by one more person than the crowd, through the gateway."""
    with tempfile.TemporaryDirectory() as folder, _anywhere():
        state = Path(folder)
        with embedded(engine, state, in_memory=True) as endpoint:
            api, port = _start_api(state, endpoint), free_port()
            try:
                api_port = await asyncio.to_thread(_ready, api)
                sender, *ids = _found_room(endpoint, people + 1)
                key = signing_key(state / "keys")
                token = state / "gateway.token"
                token.write_text(_mint(key, "gateway", "gateway"), encoding="utf-8")
                jwks = f"http://127.0.0.1:{api_port}/.well-known/jwks.json"
                environment = gateway_environment(api_port, jwks, str(token))
                process = start(
                    [sys.executable, "-m", "gateway"],
                    environment | {"PORT": str(port), "FRAMES_PER_SECOND": "1000"},
                )
                try:
                    await listening(port, process)
                    address = Address(port, f"/ws/rooms/{ROOM}", ready_mark=b'"type":"subscribed"')
                    headers = [f"Authorization: {_mint(key, each)}\r\n" for each in (sender, *ids)]
                    sending = Crowd(address, headers=headers)
                    await sending.join(1)
                    engine_pid = json.loads((state / engine / "engine.json").read_text())["engine"]
                    yield Everything(
                        process=process,
                        address=address,
                        publish=_sent_by(sending),
                        overhead=OVERHEAD,
                        headers=headers[1:],
                        programs={"gateway": process.pid, "API": api.pid, "engine": engine_pid},
                    )
                    await sending.leave()
                finally:
                    end(process)
            finally:
                end(api)
                if api.stdout:
                    api.stdout.close()


@contextmanager
def _anywhere() -> Iterator[None]:
    """What is started here may run on any core, as on a developer's machine."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _start_api(state: Path, endpoint: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "run", f"--state={state}", "--port=0",
         f"--dynamodb-endpoint={endpoint}"],
        env=inherited(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=None if os.environ.get("SHOW") else subprocess.DEVNULL,
    )  # fmt: skip


def _ready(api: "subprocess.Popen[bytes]") -> int:
    """The port in the API's first line."""
    first = api.stdout.readline().decode() if api.stdout else ""
    if not first.startswith("ready "):
        raise RuntimeError("the API does not start")
    return int(first.split(":")[2].split("/")[0])


def _mint(signer: SigningKey, user: str, *roles: str) -> str:
    return signer.mint(user, now=int(time.time()), ttl=36_000, roles=roles)


def _found_room(endpoint: str, people: int) -> list[str]:
    """Everybody in one room that lets 1,000 messages a second through; their ids."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    ids = [f"person-{number:05d}" for number in range(people)]
    fast = {"personPerSecond": 1_000, "personBurst": 1_000, "roomPerSecond": 1_000, "roomBurst": 1_000}
    store = Store(client, {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]})
    add_room(store, Room.parse(ROOM), {ids[0]: "owner"}, fast)
    source = (item for user in ids[1:] for item in _membership(user))
    while batch := [*islice(source, 24)]:
        puts = [{"PutRequest": {"Item": item}} for item in batch]
        client.batch_write_item(RequestItems={TABLES["CORE_TABLE"]: puts})
    return ids


def _membership(user: str) -> list[dict[str, Any]]:
    """The two items of somebody in the room, as `addMember` writes them."""
    room = Room.parse(ROOM).partition_key
    member = {"role": "member", "status": "active", "joinedSeq": 0}
    return [
        key(room, keys.roster(user)) | values({"type": "Member", **member}),
        key(keys.user_partition(user), keys.membership(room)) | values({"type": "Membership", **member}),
    ]


def _sent_by(sending: Crowd) -> Publish:
    """By the one person of a crowd of their own, whose `ack`s are not counted as deliveries."""

    async def send(_: Crowd, text: str) -> None:
        name = text.split("@", 1)[0].strip("#")
        frame = {"type": "send", "ref": name, "room": ROOM, "text": text, "clientMessageId": f"m{name}"}
        sending.members[0].send(json.dumps(frame))

    return send
