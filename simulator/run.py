"""Serves the API until Ctrl-C or SIGTERM."""

import asyncio
import errno
import json
import logging
import os
import signal
import ssl
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from chat_lambda import compose
from schema import generate
from simulator.access import local_access, refused_tokens
from simulator.auth.issuers import Issuer
from simulator.composition import composed, generation_of
from simulator.engine import home_of
from simulator.engine_watch import watching
from simulator.functions import functions_from_wiring
from simulator.greeting import greeting
from simulator.keys import JWKS_PATH, signing_key
from simulator.local_reader import reader_environment, reading_streams
from simulator.page.build import build_later
from simulator.page.compose import site_of
from simulator.ports import free_port
from simulator.readings import Readings
from simulator.schedule import schedules_from_wiring
from simulator.server import Address, ServerConfig, Tls, serve
from simulator.settings import WIRING, BadSettings, Settings


def main(settings: Settings, answers: TextIO) -> int:
    if settings.is_talkative:
        logging.getLogger("simulator").setLevel(settings.log.upper())
        logging.getLogger("simulator").addHandler(logging.StreamHandler())
    port, tls = settings.port or free_port(), _tls(settings)
    key, address = signing_key(settings.keys), f"http://127.0.0.1:{port}"
    local = local_access(settings, address, refused_tokens(settings, address, sys.stderr))
    jwks = {"JWT_JWKS_URL": str(settings.jwks_url or address + JWKS_PATH)}
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    gave_up = threading.Event()
    told = reader_environment(settings, address)
    with composed(settings, jwks, told=local.told, more=told), _watched(settings, gave_up):
        functions = functions_from_wiring(wiring, local.authorizer)
        config = ServerConfig(
            schema=schema_of(settings),
            functions=functions,
            jwks=key.jwks,
            access=local.access,
            port=port,
            tls=tls,
            readings=Readings(unset_is_null=settings.unset_variables == "null"),
            schedules=schedules_from_wiring(wiring) if settings.schedules == "on" else {},
            on_refusal=local.on_refusal,
            site=site_of(
                settings,
                key=key,
                issuers=local.access.issuers,
                address=address,
                objects=os.environ.get("S3_ENDPOINT"),
            ),
        )
        try:
            with reading_streams(settings, os.environ["DYNAMODB_ENDPOINT"], functions):
                asyncio.run(
                    serve(
                        config,
                        ready=lambda address: _ready(address, settings, local.access.issuers, answers),
                    )
                )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            ports = f"Port {port} or TLS_PORT {settings.tls_port}" if settings.tls_cert else f"Port {port}"
            example = f"PORT={port + 1}" + (f" TLS_PORT={settings.tls_port + 1}" if settings.tls_cert else "")
            print(f"{ports} is in use: choose another, for example make run {example}.", file=sys.stderr)
            return 1
    return int(gave_up.is_set())


def _ready(address: Address, settings: Settings, issuers: Sequence[Issuer], answers: TextIO) -> None:
    """Says so; only now the page is built, which keeps nobody waiting."""
    print(greeting(address, settings, issuers), file=answers, flush=True)
    if settings.page == "build":
        build_later(lambda sentence: print(sentence, file=sys.stderr, flush=True))


def schema_of(settings: Settings) -> str:
    """Its types and fields are marked for the modes of AUTH, as for an API in the cloud."""
    return generate(modes=settings.modes, publish=settings.publish)


def _watched(settings: Settings, gave_up: threading.Event) -> AbstractContextManager[None]:
    """Says what becomes of an embedded engine, and ends the program when it does not come back."""
    if settings.dynamodb_endpoint is not None:
        return nullcontext()

    def give_up() -> None:
        gave_up.set()
        os.kill(os.getpid(), signal.SIGTERM)

    def raise_generation() -> None:
        """What the engine acknowledged last may be gone: whoever saw it is told by a generation more."""
        compose.deployment().store.tables.generation = generation_of(settings)

    def tell(sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)

    return watching(home_of(settings.engine, settings.state), tell, give_up, raise_generation)


def _tls(settings: Settings) -> Tls | None:
    """Raises BadSettings when the files are not a certificate and its key, without a passphrase."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_cert, settings.tls_key, password=lambda: b""
        )
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise BadSettings(
            "TLS_CERT and TLS_KEY: not a PEM certificate and its key without a passphrase"
        ) from None
    return Tls(settings.tls_cert, settings.tls_key, settings.tls_port)
