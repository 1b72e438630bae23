"""Keys are found by the issuer's own document, over addresses that nobody on the way can answer for."""

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from chat.identity.addresses import is_address_of_keys
from chat.identity.discovery import fetch_discovered_keys, key_sets
from chat.identity.jwks import BadKeySet, KeysUnavailable, fetch_key_set
from chat.identity.sources import parse_sources
from simulator.keys import new_signing_key
from tests.chat.identity.documented import setting, source

KEY = new_signing_key()
WELL_KNOWN = "/.well-known/openid-configuration"


class Provider:
    """An OpenID provider on this machine: what it answers by path, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.answers: dict[str, bytes] = {}

    def serve(self, path: str, document: object, status: str = "200 OK", header: str = "") -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.answers[path] = f"HTTP/1.0 {status}\r\n{header}\r\n".encode() + body


@contextmanager
def provider() -> Iterator[Provider]:
    class Responder(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline(65_536).split()[1].decode()
            while self.rfile.readline(65_536).strip():
                pass
            found.asked.append(path)
            self.wfile.write(found.answers.get(path, b"HTTP/1.0 404 Not Found\r\n\r\n"))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Responder) as server:
        found = Provider(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("path", ["/realms/x", "/realms/x/", ""])
def test_an_issuers_document_says_where_its_keys_are(path: str) -> None:
    """A slash at the end of the issuer is not doubled: Auth0's have one."""
    with provider() as own:
        issuer = own.address + path
        well_known = path.rstrip("/") + WELL_KNOWN
        own.serve(well_known, {"issuer": issuer, "jwks_uri": f"{own.address}/keys"})
        own.serve("/keys", KEY.jwks)
        assert fetch_discovered_keys(issuer, 5.0) == KEY.jwks
        assert own.asked == [well_known, "/keys"]


def documents(issuer: str, keys: str) -> Mapping[str, Any]:
    return {
        "another issuer": {"issuer": issuer + "/", "jwks_uri": keys},
        "no issuer": {"jwks_uri": keys},
        "no address": {"issuer": issuer},
        "an address that is no text": {"issuer": issuer, "jwks_uri": [keys]},
        "an address without TLS": {"issuer": issuer, "jwks_uri": "http://keys.example.com/"},
        "a file": {"issuer": issuer, "jwks_uri": "file:///etc/hostname"},
        "a list": [issuer],
        "no JSON": b"<html>",
        "no UTF-8": b"\xff",
        "too long": {"issuer": issuer, "jwks_uri": keys, "more": "x" * 70_000},
        "nested too deep": b"[" * 60_000,
    }


@pytest.mark.parametrize("case", documents("", ""))
def test_a_document_that_is_none_counts_as_no_keys(case: str) -> None:
    with provider() as own:
        own.serve("/keys", KEY.jwks)
        own.serve(WELL_KNOWN, documents(own.address, f"{own.address}/keys")[case])
        with pytest.raises(BadKeySet):
            fetch_discovered_keys(own.address, 5.0)
        assert own.asked == [WELL_KNOWN]


def test_keys_are_discovered_when_the_first_token_comes_and_a_failure_is_told() -> None:
    with provider() as own:
        sources = parse_sources(setting(source("keycloak"), issuer=own.address, algorithms=["ES256"]))
        keys = key_sets(sources.tokens, 5.0, lambda: now)[own.address]
        assert own.asked == []
        now = 0.0
        with pytest.raises(KeysUnavailable):
            keys.find(KEY.public_jwk["kid"])
        own.serve(WELL_KNOWN, {"issuer": own.address, "jwks_uri": f"{own.address}/keys"})
        own.serve("/keys", KEY.jwks)
        now = 60.0
        assert keys.find(KEY.public_jwk["kid"])


def test_a_pools_keys_are_at_its_own_address() -> None:
    with provider() as own:
        own.serve("/pool_1/.well-known/jwks.json", KEY.jwks)
        sources = parse_sources(setting(source("pool"), issuer=f"{own.address}/pool_1"))
        assert key_sets(sources.tokens, 5.0, lambda: 0.0)[f"{own.address}/pool_1"].find(KEY.public_jwk["kid"])
        assert own.asked == ["/pool_1/.well-known/jwks.json"]


def test_a_redirect_to_an_address_without_tls_is_not_followed() -> None:
    with provider() as own:
        own.serve("/keys", KEY.jwks)
        own.serve("/moved", b"", "302 Found", f"Location: {own.address}/keys\r\n")
        with pytest.raises(OSError, match="a redirect to an address without TLS"):
            fetch_key_set(f"{own.address}/moved", 5.0)
        assert own.asked == ["/moved"]


@pytest.mark.parametrize(("address", "expected"), [
    ("https://example.com/keys", True), ("http://127.0.0.1:4000/keys", True), ("http://localhost/", True), ("http://[::1]:1/", True),
    ("http://example.com/", False), ("https://", False), ("https:///keys", False), ("https://a@example.com", False), ("", False),
    ("https://example.com:x/", False), ("https://[::1", False), ("https://exämple.com", False), ("https://example.com/\n", False),
    (None, False), (7, False), (["https://example.com"], False), ("ftp://127.0.0.1/", False), ("http://127.0.0.1@example.com/", False),
], ids=str)  # fmt: skip
def test_keys_are_fetched_by_https_or_from_this_machine(address: object, expected: bool) -> None:
    assert is_address_of_keys(address) == expected
