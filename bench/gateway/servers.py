"""The servers that are measured: how each is started, greeted and published to."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web

from bench.gateway.appsync_stub import Stub
from bench.gateway.appsync_stub import serve as serve_stub
from bench.gateway.crowd import Crowd, Listener
from simulator.keys import AUDIENCE, ISSUER, new_signing_key

PEERS = Path(__file__).parent / "peers"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
ROOM = "bench"

Publish = Callable[[Crowd, str], Awaitable[None]]


@dataclass
class Running:
    """A server that runs: its process, its port, and what its clients say and hear."""

    process: subprocess.Popen[bytes]
    port: int
    publish: Publish
    path: str = "/"
    headers: str = ""
    ready_mark: bytes = b""
    on_text: Callable[[Listener, bytes], None] | None = None
    overhead: int = 0
    """Bytes that the server puts around a text."""
    stub: Stub | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """A process on the first core, where nothing else of the measurement runs."""
    return subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
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


async def _say(crowd: Crowd, text: str) -> None:
    crowd.members[0].say(text)


@asynccontextmanager
async def plain(command: list[str]) -> AsyncIterator[Running]:
    """A server that sends to everybody whatever anybody sends."""
    port = free_port()
    process = start([*command, str(port)])
    try:
        await listening(port, process)
        yield Running(process, port, _say)
    finally:
        end(process)


@asynccontextmanager
async def socketio(modules: Path) -> AsyncIterator[Running]:
    """engine.io's packets around each text (https://socket.io/docs/v4/engine-io-protocol)."""

    def answer(listener: Listener, frame: bytes) -> None:
        if frame.startswith(b"0"):
            listener.say("40")
        elif frame == b"2":
            listener.say("3")

    async def publish(crowd: Crowd, text: str) -> None:
        crowd.members[0].say(f'42["message","{text}"]')

    async with node("socketio.js", modules) as running:
        running.path, running.publish = "/socket.io/?EIO=4&transport=websocket", publish
        running.ready_mark, running.on_text, running.overhead = b"40{", answer, 17
        yield running


@asynccontextmanager
async def node(script: str, modules: Path) -> AsyncIterator[Running]:
    port = free_port()
    process = start(["node", str(PEERS / script), str(port)], {"NODE_PATH": str(modules)})
    try:
        await listening(port, process)
        yield Running(process, port, _say)
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

                yield Running(process, port, publish, path="/sub")
        finally:
            end(process)


@asynccontextmanager
async def gateway(*, lose: int = 0, room: str = ROOM, **settings: Any) -> AsyncIterator[Running]:
    """The gateway with all its features, before a stand-in for AppSync that runs beside the load client."""
    stub = Stub(lose=lose)
    runner, upstream = await serve_stub(stub)
    key = new_signing_key()
    keys, keys_port = await _serve_keys(key.jwks)
    token = key.mint("alice", now=int(time.time()), ttl=36_000)
    service = key.mint("gateway", now=int(time.time()), ttl=36_000, roles=("gateway",))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(service)
        file.flush()
        port = free_port()
        environment = {
            "APPSYNC_URL": f"http://127.0.0.1:{upstream}/graphql",
            "SERVICE_TOKEN": f"file:{file.name}",
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "JWT_JWKS_URL": f"http://127.0.0.1:{keys_port}/",
            "PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "DRAIN_SECONDS": "1",
            **{name.upper(): str(value) for name, value in settings.items()},
        }
        process = start([sys.executable, "-m", "gateway"], environment)
        try:
            await listening(port, process)

            async def publish(_: Crowd, text: str) -> None:
                await stub.publish(room, text)

            yield Running(
                process,
                port,
                publish,
                path=f"/ws/rooms/{room}",
                headers=f"Authorization: {token}\r\n",
                ready_mark=b'"subscribed"',
                overhead=545,
                stub=stub,
                environment=environment,
            )
        finally:
            end(process)
            await runner.cleanup()
            await keys.cleanup()


async def _serve_keys(jwks: bytes) -> tuple[aiohttp.web.AppRunner, int]:
    async def answer(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(body=jwks, content_type="application/json")

    app = aiohttp.web.Application()
    app.router.add_get("/", answer)
    runner = aiohttp.web.AppRunner(app, access_log=None)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])


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
