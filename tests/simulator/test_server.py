"""Starting, stopping, and a second port with TLS."""

import asyncio
import os
import signal
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.server import Address, Tls, serve


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return Tls(certificate_file, key_file, 0)


async def test_the_same_subscriptions_live_on_both_ports(serve: Any, tls: Tls) -> None:
    async with serve(tls=tls) as client:
        context = ssl.create_default_context(cafile=tls.certificate)
        url = f"https://localhost:{client.address.tls_port}/graphql"
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector) as http:
            secure = type(client)(client.address, http)
            async with client.socket() as plain:
                await plain.watch()
                headers = {"Authorization": "alice"}
                async with http.ws_connect(
                    url + "/realtime", protocols=["graphql-ws"], headers=headers
                ) as ws:
                    await ws.send_str('{"type":"connection_init"}')
                    assert (await ws.receive_json())["type"] == "connection_ack"
                    async with http.post(url, json={"query": "{ __typename }"}, headers=headers) as answer:
                        assert answer.status == 200
                    await secure.send("across")
                    assert (await plain.next())["payload"]["data"]["onMessage"]["text"] == "across"


async def test_after_a_restart_on_the_same_port_clients_find_it_again(serve: Any) -> None:
    async with serve() as client:
        port = client.address.port
        async with client.socket() as socket:
            await socket.watch()
            stopping = asyncio.create_task(socket.next())
            await client.until(subscriptions=1)
    assert await stopping is None
    async with serve(port=port) as client, client.socket() as socket:
        await socket.watch()
        await client.send()
        assert (await socket.next())["type"] == "data"


async def test_stopping_closes_open_sockets_as_going_away(serve: Any) -> None:
    stack = serve()
    client = await stack.__aenter__()
    url, headers = client.address.url, {"Authorization": "alice"}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=["graphql-ws"], headers=headers) as ws,
    ):
        hearing = asyncio.create_task(ws.receive())
        await stack.__aexit__(None, None, None)
        message = await hearing
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_a_port_that_is_taken_is_an_error_at_the_start(serve: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            async with serve(port=taken.getsockname()[1]):
                pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_server(config: Any, number: int) -> None:
    addresses: list[Address] = []

    def ready(address: Address) -> None:
        addresses.append(address)
        os.kill(os.getpid(), number)

    await asyncio.wait_for(serve(replace(config, port=0), ready=ready), 20)
    assert addresses[0].url == f"http://127.0.0.1:{addresses[0].port}/graphql"
