"""Starts and stops the simulator: one application on a plain and, if wanted, a TLS port."""

import asyncio
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import abc, web

from simulator.auth.authorization import Access, Authorization
from simulator.authorizer import Authorizer
from simulator.execution import Api
from simulator.functions import Functions
from simulator.http import Endpoints
from simulator.keys import JWKS_PATH
from simulator.limits import Limits
from simulator.page.site import Site
from simulator.readings import Readings
from simulator.schedule import call_on_schedule

log = logging.getLogger(__name__)
requests = logging.getLogger("simulator.requests")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Tls:
    """A second port that speaks TLS, for clients that always dial `wss`. PEM files; port 0 takes any free
    one."""

    certificate: Path
    key: Path
    port: int


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What a server needs.

    `schema`: the SDL text. `functions`: see `simulator.functions.functions_from_wiring`. `jwks`: the bytes
    answered at `/.well-known/jwks.json`. `access`: whom it lets in, and how. `host`, `port`: where to listen; port 0 takes any free one. `tls`:
    see `Tls`. `readings`: how AppSync is read where its behaviour is not known. `schedules`: every how many
    seconds a function is called. `on_refusal`: see `Authorizer`. `site`: the page at `/`, if there is to be one.
    """

    schema: str
    functions: Functions
    jwks: bytes = b'{"keys":[]}'
    access: Access = field(default_factory=Access)
    host: str = "127.0.0.1"
    port: int = 4000
    tls: Tls | None = None
    limits: Limits = field(default_factory=Limits)
    readings: Readings = field(default_factory=Readings)
    schedules: Mapping[str, float] = field(default_factory=dict)
    on_refusal: Callable[[str], None] = lambda _: None
    site: Site | None = None

    @property
    def documents(self) -> dict[str, bytes]:
        """What is published beside the API, by path."""
        published = {JWKS_PATH: self.jwks}
        for issuer in self.access.issuers:
            published |= issuer.documents
        return published


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running server listens. `url` is the GraphQL endpoint, for example
    http://127.0.0.1:4000/graphql."""

    host: str
    port: int
    tls_port: int | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/graphql"

    @property
    def page(self) -> str:
        """Where people chat."""
        return f"http://{self.host}:{self.port}/"


class RequestLog(abc.AbstractAccessLogger):
    """A line for each request that was answered, and each connection that has ended, without its query, which
    may hold a token."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info("%s %s %s in %.0f ms", request.method, request.path, response.status, time * 1_000)


@asynccontextmanager
async def running(config: ServerConfig) -> AsyncIterator[Address]:
    """Serves inside the running event loop while the block lasts. Raises `OSError` when a port is taken."""
    api = Api(config.schema, config.functions, config.limits, config.readings, config.access.modes)
    authorization = Authorization(Authorizer(config.functions, config.on_refusal), config.access)
    endpoints = Endpoints(api, authorization, config.documents, config.limits, config.site)
    application, began = endpoints.application(), set[object]()

    @web.middleware
    async def begin(request: web.Request, handler: Handler) -> web.StreamResponse:
        began.add(request.protocol)
        return await handler(request)

    application.middlewares.insert(0, begin)
    runner = web.AppRunner(
        application,
        access_log=requests,
        access_log_class=RequestLog,
        shutdown_timeout=config.limits.goodbye,
        max_line_size=config.limits.header,  # credentials may stand in the query string
        max_field_size=config.limits.header,
        keepalive_timeout=config.limits.idle,
    )
    await runner.setup()
    ending = asyncio.create_task(_end_silent(runner, began, config.limits.handshake))
    try:
        await web.TCPSite(runner, config.host, config.port).start()
        if config.tls:
            await web.TCPSite(
                runner, config.host, config.tls.port, ssl_context=_tls_context(config.tls)
            ).start()
        ports = [address[1] for address in runner.addresses]
        async with _scheduled(config):
            yield Address(config.host, *ports)
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        await runner.cleanup()


@asynccontextmanager
async def _scheduled(config: ServerConfig) -> AsyncIterator[None]:
    """Calls what has a schedule while the block lasts. A call that is under way is not waited for."""
    stopped = asyncio.Event()
    calls = [
        asyncio.create_task(call_on_schedule(config.functions, name, seconds, stopped))
        for name, seconds in config.schedules.items()
    ]
    try:
        yield
    finally:
        stopped.set()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def _end_silent(runner: web.AppRunner, began: set[object], seconds: float) -> None:
    """Ends connections that sent no whole headers for so long: aiohttp has no such limit. `began`: those
    that have."""
    loop, seen = asyncio.get_running_loop(), dict[object, float]()
    while runner.server is not None:
        connections, now = runner.server.connections, loop.time()
        began.intersection_update(connections)
        seen = {each: seen.get(each, now) for each in connections if each not in began}
        for each in connections:
            if now - seen.get(each, now) >= seconds:
                each.force_close()
        await asyncio.sleep(seconds / 5)


async def serve(config: ServerConfig, *, ready: Callable[[Address], None]) -> None:
    """Serves until SIGINT or SIGTERM. `ready` is called once, when both ports listen."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with running(config) as address:
            log.info("server started", extra={"host": address.host, "port": address.port})
            ready(address)
            await stop.wait()
    finally:
        config.functions.close()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    log.info("server stopped")


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    return context
