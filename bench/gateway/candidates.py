"""Whom the measurements are made of: the floor, the gateway, and the peers that are found on this machine."""

from pathlib import Path

from bench.gateway import servers
from bench.gateway.gateway_server import gateway
from bench.gateway.servers import FLOOR, NCHAN_NAME, Open

GATEWAY = "gateway"
FASTAPI = "FastAPI, await send_text"


def candidates(only: str = "") -> dict[str, Open]:
    """In the order of their turns. `only`: parts of names, with commas between; all, if empty."""
    modules = servers.node_modules(Path(".cache"))
    found: dict[str, Open] = {FLOOR: lambda: servers.plain(servers.python("bare.py")), GATEWAY: gateway}
    if servers.NCHAN.exists():
        found[NCHAN_NAME] = servers.nchan
    if modules is not None:
        found["npm ws"] = lambda: servers.node("ws.js", modules)
        found["socket.io"] = lambda: servers.socketio(modules)
    found["websockets broadcast()"] = lambda: servers.plain(servers.python("websockets_broadcast.py"))
    found[FASTAPI] = lambda: servers.plain(servers.python("fastapi_loop.py"))
    wanted = only.split(",") if only else [""]
    return {name: each for name, each in found.items() if any(part in name for part in wanted)}
