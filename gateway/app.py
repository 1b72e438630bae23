"""The application: `/ws` and `/ws/rooms/{roomId}`, health, readiness and metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from chat.rules.devices import check_device
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room
from gateway.admission import ARRIVAL, Arrival, address_of
from gateway.client_transport import ClientTransport
from gateway.connection import CloseCode
from gateway.position import RoomPosition, parse_since
from gateway.process import Gateway
from gateway.session import GOODBYE_SECONDS, Session
from gateway.websocket_protocol import EXTENSION

SUBPROTOCOL = "chat.v1"
TOKEN_ENTRY = "bearer."  # noqa: S105  the prefix of a subprotocol entry


class Health(BaseModel):
    """The process answers: how many connections and rooms it has."""

    connections: int
    rooms: int


class Readiness(BaseModel):
    """Whether the process is to be given connections, and if not, why."""

    ready: bool
    reason: str | None
    upstream: str = Field(description="Whether the API is asked: the state of the circuit breaker.")
    connections: int = Field(description="To AppSync's realtime endpoint.")


def application(gateway: Gateway) -> FastAPI:
    """The routes."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with gateway.running():
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    async def connected(socket: WebSocket) -> None:
        await serve(gateway, socket, socket.path_params.get("room_id"))

    # Starlette's own routes: FastAPI's keep the stacks of their dependencies while a connection lasts.
    app.router.add_websocket_route("/ws/rooms/{room_id}", connected)
    app.router.add_websocket_route("/ws", connected)

    @app.get("/healthz", operation_id="health", summary="Health", response_description="It answers.")
    async def healthz() -> Health:
        """The process itself."""
        return Health(connections=len(gateway.clients), rooms=len(gateway.hub.rooms))

    @app.get(
        "/readyz",
        operation_id="readiness",
        summary="Readiness",
        response_description="They can.",
        responses={503: {"model": Readiness, "description": "Not now: `reason` says why."}},
    )
    async def readyz(response: Response) -> Readiness:
        """Whether people can be served: not while the process drains, AppSync cannot be reached, or does not take the service."""
        reason = gateway.unready
        response.status_code = 200 if reason is None else 503
        return Readiness(
            ready=reason is None,
            reason=reason,
            upstream=gateway.breaker.state,
            connections=gateway.realtime.connections,
        )

    @app.get(
        "/metrics",
        operation_id="metrics",
        summary="Metrics",
        response_description="What docs/gateway.md lists.",
        response_class=PlainTextResponse,
    )
    async def metrics() -> Response:
        """For Prometheus, in its text format."""
        gateway.observe()
        return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _token(socket: WebSocket, offered: list[str]) -> str | None:
    """From the header, or an entry of the subprotocols; never from the address, which ends up in logs."""
    header = socket.headers.get("authorization")
    if header:
        return str(header)
    entries = [entry.removeprefix(TOKEN_ENTRY) for entry in offered if entry.startswith(TOKEN_ENTRY)]
    return entries[0] if entries else None


def _since(socket: WebSocket) -> RoomPosition | int | None:
    """Where the client was, by the address. Raises `InvalidInput`."""
    text = socket.query_params.get("since")
    try:
        return None if text is None else parse_since(text)
    except ValueError:
        raise InvalidInput("changes.since", argument="since") from None


def _device_id(socket: WebSocket) -> str | None:
    """On which device the client runs, by the address. Raises `InvalidInput`."""
    device_id = socket.query_params.get("deviceId")
    check_device(device_id)
    return device_id


async def serve(gateway: Gateway, socket: WebSocket, path_room: str | None) -> None:
    """One connection: turned away, or accepted and served to its end."""
    origin = socket.headers.get("origin")
    arrival: Arrival = socket.scope["state"][ARRIVAL]
    forwarded, proxies = socket.headers.getlist("x-forwarded-for"), gateway.settings.trusted_proxies
    if not arrival.locate(address_of(socket.client.host if socket.client else "", forwarded, proxies)):
        gateway.metrics.turned_away(429)
        await socket.send_denial_response(Response(status_code=429, headers={"Retry-After": "1"}))
        return
    if gateway.is_full:
        gateway.metrics.turned_away(503)
        await socket.send_denial_response(Response(status_code=503, headers={"Retry-After": "1"}))
        return
    if origin is not None and origin not in gateway.settings.allowed_origins:
        gateway.metrics.turned_away(403)
        await socket.send_denial_response(Response(status_code=403))
        return
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    transport: ClientTransport = socket.scope["extensions"][EXTENSION]
    token = _token(socket, offered)
    transport.forget_handshake()
    socket.scope["headers"].clear()
    try:
        room = None if path_room is None else Room.parse(path_room)
        since, device_id = _since(socket), _device_id(socket)
    except InvalidInput as refusal:
        asyncio.get_running_loop().call_later(GOODBYE_SECONDS, transport.abort)
        await socket.close(CloseCode.NOT_ALLOWED, refusal.code)
        return
    await Session(gateway, socket, transport, arrival, room, since, device_id).run(token)
