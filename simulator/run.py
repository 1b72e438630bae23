"""Serves the API until Ctrl-C or SIGTERM."""

import asyncio
import errno
import json
import sys
from typing import TextIO

from simulator.composition import composed
from simulator.engine_host import free_port
from simulator.functions import functions_from_wiring
from simulator.keys import signing_key
from simulator.server import Address, ServerConfig, Tls, serve
from simulator.settings import SCHEMA, WIRING, Settings

SELECTION = "id roomId senderId text ts seq epoch clientMessageId"


def main(settings: Settings, answers: TextIO) -> int:
    port = settings.port or free_port()
    with composed(settings, {"JWT_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json"}):
        config = ServerConfig(
            schema=SCHEMA.read_text(encoding="utf-8"),
            functions=functions_from_wiring(json.loads(WIRING.read_text(encoding="utf-8"))),
            jwks=signing_key(settings.keys).jwks,
            port=port,
            tls=_tls(settings),
        )
        try:
            asyncio.run(
                serve(config, ready=lambda address: print(greeting(address), file=answers, flush=True))
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            print(
                f"Port {port} is in use: choose another, for example make run PORT={port + 1}.",
                file=sys.stderr,
            )
            return 1
    return 0


def greeting(address: Address) -> str:
    """That the API is there, and how to use it: its first line is what other programs wait for."""
    document = f'mutation {{ sendMessage(roomId: \\"lobby\\", text: \\"hello\\") {{ {SELECTION} }} }}'
    headers = """-H "Authorization: $TOKEN" -H 'Content-Type: application/json'"""
    secure = f"tls https://{address.host}:{address.tls_port}/graphql\n" if address.tls_port else ""
    return (
        f"ready {address.url}\n{secure}"
        f"realtime {address.url.replace('http', 'ws', 1)}/realtime\n"
        "TOKEN=$(make -s token USER=alice)\n"
        f"""curl -s {address.url} {headers} -d '{{"query": "{document}"}}'"""
    )


def _tls(settings: Settings) -> Tls | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Tls(settings.tls_cert, settings.tls_key, settings.tls_port)
