"""The servers that the gateway is measured beside: how each is started, greeted and published to."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.gateway.crowd import Address, Crowd, LoadClient
from simulator.ports import free_port

PEERS = Path(__file__).parent / "peers"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
FLOOR = "bare loop (floor)"
NCHAN_NAME = "nginx + nchan"

Publish = Callable[[Crowd, str], Awaitable[None]]


@dataclass(kw_only=True)
class Running:
    """A server that runs, where its clients connect, and how a text is published to them."""

    process: subprocess.Popen[bytes]
    address: Address
    publish: Publish
    overhead: int = 0
    """Bytes that the server puts around a text."""
    sent: int = 0
    """Messages so far, which are numbered from 1."""


Open = Callable[[], AbstractAsyncContextManager[Running]]


INHERITED = ("PATH", "HOME", "TMPDIR", "PYTHONPATH")


def inherited() -> dict[str, str]:
    """What a program that is measured has of this process's environment: no setting of ours, such as another
    program's `S3_ENDPOINT`, may reach it by chance."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def start(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """A process on the first core, where nothing else of the measurement runs."""
    return subprocess.Popen(
        command,
        env={**inherited(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("SHOW") else subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509  no threads here
    )


async def listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _send_by_first(crowd: Crowd, text: str) -> None:
    crowd.members[0].send(text)


@asynccontextmanager
async def plain(command: list[str]) -> AsyncIterator[Running]:
    """A server that sends to everybody whatever anybody sends."""
    port = free_port()
    process = start([*command, str(port)])
    try:
        await listening(port, process)
        yield Running(process=process, address=Address(port), publish=_send_by_first)
    finally:
        end(process)


@asynccontextmanager
async def socketio(modules: Path) -> AsyncIterator[Running]:
    """engine.io's packets around each text (https://socket.io/docs/v4/engine-io-protocol)."""

    def answer(client: LoadClient, frame: bytes) -> None:
        if frame.startswith(b"0"):
            client.send("40")
        elif frame == b"2":
            client.send("3")

    async def publish(crowd: Crowd, text: str) -> None:
        crowd.members[0].send(f'42["message","{text}"]')

    async with node("socketio.js", modules) as running:
        path = "/socket.io/?EIO=4&transport=websocket"
        running.address = Address(running.address.port, path, ready_mark=b"40{", on_text=answer)
        running.publish, running.overhead = publish, 17
        yield running


@asynccontextmanager
async def node(script: str, modules: Path) -> AsyncIterator[Running]:
    port = free_port()
    process = start(["node", str(PEERS / script), str(port)], {"NODE_PATH": str(modules)})
    try:
        await listening(port, process)
        yield Running(process=process, address=Address(port), publish=_send_by_first)
    finally:
        end(process)


@asynccontextmanager
async def nchan() -> AsyncIterator[Running]:
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "nginx.conf"
        text = (PEERS / "nginx.conf").read_text(encoding="utf-8")
        text = text.replace("load_module modules/ngx_nchan_module.so", f"load_module {NCHAN}")
        config.write_text(text.replace("PORT", str(port)).replace("HOME", home))
        process = start([NGINX, "-c", str(config), "-p", home])
        try:
            await listening(port, process)
            async with aiohttp.ClientSession() as http:

                async def publish(_: Crowd, text: str) -> None:
                    async with http.post(f"http://127.0.0.1:{port}/pub", data=text) as answer:
                        await answer.read()

                yield Running(process=process, address=Address(port, "/sub"), publish=publish)
        finally:
            end(process)


def python(script: str) -> list[str]:
    return [sys.executable, str(PEERS / script)]


def node_modules(cache: Path) -> Path | None:
    """The peers' packages, fetched by npm; `None` where there is no npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return None
    home = cache / "gateway-peers"
    if not (home / "node_modules" / "ws").is_dir():
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEERS / name, home / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=home, check=True)
    return home / "node_modules"
