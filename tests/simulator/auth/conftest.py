"""Issuers and access keys that are made once for all tests, and a server that trusts them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from simulator.auth.access_keys import AccessKeys
from simulator.auth.authorization import Access
from simulator.auth.issuers import Issuer, local_issuer
from simulator.auth.modes import FormName, Mode
from simulator.auth.other_authorizer import other_authorizer, other_token
from simulator.auth.people import Person
from simulator.auth.sigv4 import SERVICE, SignedRequest
from simulator.functions import Functions
from simulator.keys import SigningKey, signing_key
from simulator.server import Address, ServerConfig, running

ADDRESS = "http://127.0.0.1:4000"
REGION = "us-east-1"
NOW = 1_800_000_000
"""The time in these tests (epoch seconds)."""
STAMP = "20270115T080000Z"
HOST = "127.0.0.1:4000"
BODY = '{"query":"{ whoami { name } }"}'


def signed(
    credentials: dict[str, Any],
    *,
    method: str = "POST",
    path: str = "/graphql",
    body: str = BODY,
    stamp: str = STAMP,
    region: str = REGION,
    service: str = SERVICE,
    host: str = HOST,
    headers: dict[str, str] | None = None,
) -> SignedRequest:
    """A request as botocore signs it at the time of these tests."""
    key = Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"])
    auth = SigV4Auth(key, service, region)
    request = AWSRequest(method, f"http://{host}{path}", headers=headers or {}, data=body.encode())
    request.context["timestamp"] = stamp
    request.headers["X-Amz-Date"] = stamp
    request.headers["X-Amz-Security-Token"] = credentials["SessionToken"]
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    names = auth.signed_headers(auth.headers_to_sign(request))
    sent = {name.lower(): value for name, value in request.headers.items()} | {"host": host}
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={names}, Signature={signature}"
    )
    path, _, query = path.partition("?")
    return SignedRequest(method, path, query, sent, body.encode(), host)


@dataclass(frozen=True)
class Trust:
    """Whom the servers of these tests trust."""

    folder: Path
    _issuers: dict[tuple[Mode, FormName], Issuer] = field(default_factory=dict)

    @cached_property
    def key(self) -> SigningKey:
        return signing_key(self.folder)

    @cached_property
    def keys(self) -> AccessKeys:
        return AccessKeys(self.folder, self.key)

    def issuer(self, mode: Mode, form: FormName = "auth0") -> Issuer:
        """Loading a key takes a while, so it is done once."""
        if (mode, form) not in self._issuers:
            self._issuers[mode, form] = local_issuer(
                mode, form, folder=self.folder, address=ADDRESS, region=REGION
            )
        return self._issuers[mode, form]

    def token(self, mode: Mode, user: str = "alice", **options: Any) -> str:
        """`use`, `form`, `ttl`, `groups`."""
        person = Person(user, options.get("groups", ()), options.get("locale"))
        if mode is Mode.LAMBDA:
            return other_token(self.key, person, now=NOW, ttl=options.get("ttl", 60))
        issuer = self.issuer(mode, options.get("form", "auth0"))
        return issuer.token(person, now=NOW, ttl=options.get("ttl", 60), use=options.get("use", "access"))

    def credentials(self, user: str = "alice", ttl: int = 60, now: int = NOW) -> dict[str, Any]:
        return self.keys.credentials(user, now=now, ttl=ttl)


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return Trust(tmp_path_factory.mktemp("trust") / "keys")


SDL = """
type Query { whoami: Me later: Me }
type Mutation { say(text: String!): Said }
type Subscription { said(text: String): Said @aws_subscribe(mutations: ["say"]) }
type Me { name: String }
type Said { text: String }
"""


@dataclass
class Recorder:
    """Functions that keep the identities that they were called with."""

    identities: list[Any] = field(default_factory=list)

    def answer(self, event: Any, _context: Any) -> Any:
        self.identities.append(event["identity"])
        return {"name": "somebody", "text": event["arguments"].get("text")}

    def subscribe(self, event: Any, _context: Any) -> None:
        self.identities.append(event["identity"])

    def functions(self, authorizer: Callable[[Any, Any], Any]) -> Functions:
        handlers = {"Query.whoami": self.answer, "Mutation.say": self.answer}
        return Functions(
            {**handlers, "Subscription.said": self.subscribe, "authorizer": authorizer}, workers=2
        )


@dataclass
class Client:
    """A running server with some modes, and what it said on its console."""

    address: Address
    http: aiohttp.ClientSession
    functions: Recorder
    said: list[str]

    @property
    def host(self) -> str:
        return f"{self.address.host}:{self.address.port}"

    async def ask(
        self, query: str = "{ whoami { name } }", headers: dict[str, str] | None = None, body: str = ""
    ) -> tuple[int, Any]:
        sent = body or json.dumps({"query": query}, separators=(",", ":"))
        async with self.http.post(self.address.url, data=sent, headers=headers) as answer:
            if answer.status != 200:
                assert answer.headers["x-amzn-ErrorType"] == (await answer.json())["errors"][0]["errorType"]
            return answer.status, await answer.json()

    async def refusal(self, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, type and message of the one error; nothing was executed."""
        before = len(self.functions.identities)
        status, answer = await self.ask(headers=headers)
        (error,) = answer["errors"]
        assert set(answer) == {"errors"}
        assert len(self.functions.identities) == before
        return status, error["errorType"], error["message"]

    def raw(self, path: str) -> URL:
        """An address that is sent as it is written."""
        return URL(f"http://{self.host}{path}", encoded=True)

    def signed(
        self, credentials: dict[str, Any], path: str = "/graphql", body: str = BODY, **options: str
    ) -> dict[str, str]:
        """The headers of a request to it that is signed at the time of these tests."""
        options = {"host": self.host, **options}
        return dict(signed(credentials, path=path, body=body, **options).headers)  # type: ignore[arg-type]


Serve = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def serve_modes(trust: Trust) -> Serve:
    """A server with these modes, at whose time it is `NOW`."""

    @asynccontextmanager
    async def serve(
        *modes: Mode, sdl: str = SDL, form: FormName = "auth0", now: float = NOW, **changed: Any
    ) -> AsyncIterator[Client]:
        recorder, said = Recorder(), list[str]()
        issuers = [trust.issuer(mode, form) for mode in modes if mode in (Mode.COGNITO, Mode.OIDC)]
        access = Access(
            modes=modes,
            issuers=issuers,
            access_keys=trust.keys if Mode.IAM in modes else None,
            region=REGION,
            say=said.append,
            now=lambda: now,
        )
        authorizer = changed.get("authorizer") or other_authorizer(trust.key, lambda: now)
        config = ServerConfig(schema=sdl, functions=recorder.functions(authorizer), access=access, port=0)
        async with running(config) as address, aiohttp.ClientSession() as http:
            yield Client(address, http, recorder, said)

    return serve
