"""Starts and stops the simulator: one application on a plain and, if wanted, a TLS port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulator.functions import Functions
from simulator.limits import Limits


@dataclass(frozen=True, slots=True)
class Tls:
    """A second port that speaks TLS, for clients that always dial `wss`. PEM files; port 0 takes any free one."""

    certificate: Path
    key: Path
    port: int


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What a server needs.

    `schema`: the SDL text. `functions`: see `simulator.functions.functions_from_wiring`. `jwks`: the bytes answered at
    `/.well-known/jwks.json`. `host`, `port`: where to listen; port 0 takes any free one. `tls`: see `Tls`.
    """

    schema: str
    functions: Functions
    jwks: bytes = b'{"keys":[]}'
    host: str = "127.0.0.1"
    port: int = 4000
    tls: Tls | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running server listens. `url` is the GraphQL endpoint, for example http://127.0.0.1:4000/graphql."""

    host: str
    port: int
    tls_port: int | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/graphql"


@asynccontextmanager
async def running(config: ServerConfig) -> AsyncIterator[Address]:
    """Serves inside the running event loop while the block lasts. Raises `OSError` when a port is taken."""
    raise NotImplementedError
    yield  # type: ignore[unreachable]


async def serve(config: ServerConfig, *, ready: Callable[[Address], None]) -> None:
    """Serves until SIGINT or SIGTERM. `ready` is called once, when both ports listen."""
    raise NotImplementedError
