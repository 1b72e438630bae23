"""The gateway with all its features, before a stand-in for AppSync that runs beside the load client."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import aiohttp.web

from bench.gateway.appsync_stub import Stub, StubServer
from bench.gateway.crowd import Address, Crowd
from bench.gateway.servers import Running, end, listening, start
from simulator.keys import AUDIENCE, ISSUER, new_signing_key
from simulator.ports import free_port

ROOM = "bench"
SAMPLE = re.compile(r'^(\w+)(?:\{\w+="(\w+)"\})? ([0-9.e+]+)$', re.MULTILINE)


@dataclass(kw_only=True)
class Gateway(Running):
    """Also what is behind it, and how it is started anew."""

    stub: Stub
    upstream: StubServer
    environment: dict[str, str] = field(repr=False)

    async def start(self, *, on_new_port: bool = False) -> subprocess.Popen[bytes]:
        """A further process with the same settings, which new connections go to from now on. The old one
        is given back."""
        port = free_port() if on_new_port else self.address.port
        process = start([sys.executable, "-m", "gateway"], {**self.environment, "PORT": str(port)})
        await listening(port, process)
        old, self.process = self.process, process
        self.address = replace(self.address, port=port)
        return old

    async def metric(self, name: str) -> dict[str, int]:
        """A counter's values, by its label."""
        address = f"http://127.0.0.1:{self.address.port}/metrics"
        async with aiohttp.ClientSession() as http, http.get(address) as answer:
            samples = SAMPLE.findall(await answer.text())
        return {label: int(float(value)) for found, label, value in samples if found == name}

    async def repaired(self) -> int:
        """Deliveries so far to people who were there, of what had to be read from history."""
        return (await self.metric("chat_gateway_deliveries_total")).get("history", 0)


@asynccontextmanager
async def gateway(*, lose: int = 0, room: str = ROOM, **settings: Any) -> AsyncIterator[Gateway]:
    """`lose`: see `Stub`."""
    stub = Stub(lose=lose)
    upstream = StubServer(stub)
    await upstream.start()
    key = new_signing_key()
    keys, keys_port = await _serve_keys(key.jwks)
    now = int(time.time())
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(key.mint("gateway", now=now, ttl=36_000, roles=("gateway",)))
        file.flush()
        environment = {
            **gateway_environment(upstream.port, f"http://127.0.0.1:{keys_port}/", file.name),
            **{name.upper(): str(value) for name, value in settings.items()},
        }
        port = free_port()
        process = start([sys.executable, "-m", "gateway"], {**environment, "PORT": str(port)})

        async def publish(_: Crowd, text: str) -> None:
            await stub.publish(room, text)

        running = Gateway(
            process=process,
            address=Address(
                port,
                f"/ws/rooms/{room}",
                f"Authorization: {key.mint('alice', now=now, ttl=36_000)}\r\n",
                ready_mark=b'"type":"subscribed"',
            ),
            publish=publish,
            overhead=545,
            stub=stub,
            upstream=upstream,
            environment=environment,
        )
        try:
            await listening(port, process)
            yield running
        finally:
            end(running.process)
            await upstream.stop()
            await keys.cleanup()


def gateway_environment(upstream_port: int, jwks_url: str, token_file: str) -> dict[str, str]:
    """Of a gateway before the API at this port."""
    return {
        "APPSYNC_URL": f"http://127.0.0.1:{upstream_port}/graphql",
        "SERVICE_TOKEN": f"file:{token_file}",
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_JWKS_URL": jwks_url,
        "LOG_LEVEL": "WARNING",
        "PERSONAL_EVENTS": "false",  # what is measured is a room; all are one person besides
        "DRAIN_SECONDS": "1",
        "CONNECTIONS_PER_USER": "1000000",  # all are one person, so that one token does
        "CONNECTIONS_PER_ADDRESS": "1000000",
    }


async def _serve_keys(jwks: bytes) -> tuple[aiohttp.web.AppRunner, int]:
    async def answer(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(body=jwks, content_type="application/json")

    app = aiohttp.web.Application()
    app.router.add_get("/", answer)
    runner = aiohttp.web.AppRunner(app, access_log=None)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])
