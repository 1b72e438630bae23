"""uvicorn around the application: how it listens, says that it is ready, and drains."""

import socket

import uvicorn

from gateway.app import application
from gateway.http_protocol import HandshakeProtocol
from gateway.process import Gateway
from gateway.settings import Settings
from gateway.websocket_protocol import GatewayProtocol


class Server(uvicorn.Server):
    """One gateway's server."""

    def __init__(self, gateway: Gateway) -> None:
        settings = gateway.settings
        super().__init__(
            uvicorn.Config(
                application(gateway),
                host=settings.host,
                port=settings.port,
                http=http_protocol(gateway),
                ws=protocol(settings),
                proxy_headers=False,  # gateway/admission.py reads them, if there are proxies to trust
                ws_max_size=settings.max_frame_bytes,
                ws_ping_interval=settings.ping_seconds,
                ws_ping_timeout=settings.ping_seconds,
                ws_per_message_deflate=False,  # a deflate for each client costs more than all else together
                access_log=False,
                log_config=None,
                log_level="warning",  # at "info" it logs clients' addresses and what stands in the query
                server_header=False,
                timeout_graceful_shutdown=int(settings.drain_seconds) + 1,
            )
        )
        self._gateway = gateway

    @property
    def port(self) -> int:
        """Where it listens, once it has started."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._gateway.drain()
        await super().shutdown(sockets)


def protocol(settings: Settings) -> type[GatewayProtocol]:
    """uvicorn's WebSocket protocol with what may wait for one client."""
    return type("Protocol", (GatewayProtocol,), {"max_buffer_bytes": settings.max_buffer_bytes})


def http_protocol(gateway: Gateway) -> type[HandshakeProtocol]:
    """uvicorn's HTTP protocol with the process's admission."""
    attributes = {"admission": gateway.admission, "proxies": gateway.settings.trusted_proxies}
    return type("Handshake", (HandshakeProtocol,), attributes)
