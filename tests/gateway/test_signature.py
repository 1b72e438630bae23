"""The service as an IAM role: what it signs is what AWS verifies."""

import asyncio
import json
import subprocess
import sys
import threading
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from botocore.credentials import Credentials

from gateway import documents
from gateway.appsync import AppSync, UpstreamRefused
from gateway.authorization import Token
from gateway.breaker import Breaker
from gateway.realtime import Realtime, Subscription
from gateway.signature import LOOK_SECONDS, RETRY_SECONDS, RoleCredentials, SignedByRole
from gateway.upstream_protocol import realtime_address
from simulator.engine import PROJECT
from tests.gateway.sigv4 import Signed, Wrong, verified

KEY, SECRET, SESSION = "ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "the/session+token=="
REGION = "eu-central-1"
REALTIME = {"accept", "content-encoding", "content-type", "host", "x-amz-date", "x-amz-security-token"}


def role() -> SignedByRole:
    return SignedByRole(RoleCredentials(lambda: Credentials(KEY, SECRET, SESSION)), REGION)


@pytest.mark.parametrize(
    ("method", "headers", "body", "signature"),
    [
        ("GET", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_the_verifier_takes_the_signatures_that_aws_has_published(
    method: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    """Of AWS's test suite for Signature Version 4: `get-vanilla`, `post-vanilla`,
    `post-x-www-form-urlencoded`."""
    names = ";".join(sorted(["host", "x-amz-date", *(name.lower() for name in headers)]))
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    sent = {
        **headers,
        "Host": "example.amazonaws.com",
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}",
    }
    assert verified("/", sent, body, SECRET, method).key == "AKIDEXAMPLE"
    with pytest.raises(Wrong):
        verified("/", sent, body + b" ", SECRET, method)


def accepted(path: str, headers: Mapping[str, str], body: bytes) -> Signed:
    """What AppSync accepts: the role's own key and session, its region and service, and the time of now."""
    signed = verified(path, headers, body, SECRET)
    lower = {name.lower(): value for name, value in headers.items()}
    at = datetime.strptime(lower["x-amz-date"], "%Y%m%dT%H%M%S%z").astimezone(UTC)
    if abs(datetime.now(UTC) - at) > timedelta(minutes=5) or lower["x-amz-security-token"] != SESSION:
        raise Wrong("another time, or session")
    if (signed.key, signed.region, signed.service) != (KEY, REGION, "appsync"):
        raise Wrong("another key or scope")
    return signed


class IamApi:
    """An API whose only mode is AWS_IAM: it answers what is signed as AppSync's page says, and nothing else."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, frozenset[str]]] = []
        self.faults: list[str] = []
        self.url = ""

    def takes(self, kind: str, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            self.signed.append((kind, accepted(path, headers, body).headers))
        except (Wrong, KeyError) as wrong:
            self.faults.append(f"{kind}: {wrong}")
            return False
        return True

    def takes_object(self, kind: str, path: str, given: Mapping[str, str], body: bytes) -> bool:
        return given.get("host") == urlsplit(self.url).netloc and self.takes(kind, path, given, body)

    async def graphql(self, request: web.Request) -> web.Response:
        if not self.takes("request", request.path, request.headers, await request.read()):
            errors = [
                {"errorType": "InvalidSignatureException", "message": "The request signature we calculated…"}
            ]
            return web.json_response({"errors": errors}, status=403)
        return web.json_response({"data": {"room": {"roomId": "lobby"}}})

    async def realtime(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",))
        await socket.prepare(request)
        (header,) = [
            entry.strip().removeprefix("header-")
            for entry in request.headers["Sec-WebSocket-Protocol"].split(",")
            if entry.strip().startswith("header-")
        ]
        given = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))
        if not self.takes_object("connect", "/graphql/connect", given, b"{}"):
            errors = [{"errorType": "UnauthorizedException", "errorCode": 401}]
            await socket.send_json({"type": "connection_error", "payload": {"errors": errors}})
            return socket
        async for message in socket:
            frame = json.loads(message.data)
            if frame["type"] == "connection_init":
                await socket.send_json(
                    {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
                )
            elif frame["type"] == "start":
                payload = frame["payload"]
                fields = payload["extensions"]["authorization"]
                if self.takes_object("start", "/graphql", fields, payload["data"].encode()):
                    await socket.send_json({"id": frame["id"], "type": "start_ack"})
                else:
                    errors = [{"errorType": "UnauthorizedException"}]
                    await socket.send_json(
                        {"id": frame["id"], "type": "error", "payload": {"errors": errors}}
                    )
        return socket


@pytest.fixture
async def api() -> AsyncIterator[IamApi]:
    """On loopback it is what AppSync is under a domain name of one's own: `/graphql/realtime`."""
    api, app = IamApi(), web.Application()
    app.router.add_post("/graphql", api.graphql)
    app.router.add_get("/graphql/realtime", api.realtime)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    yield api
    await runner.cleanup()


async def test_each_request_the_connection_and_each_start_are_signed(api: IamApi) -> None:
    async with aiohttp.ClientSession() as http:
        appsync, realtime = AppSync(api.url, http, Breaker()), Realtime(api.url, http, role(), Breaker())
        assert await appsync.ask(documents.ROOM, {"room": "lobby"}, role()) == {"roomId": "lobby"}
        assert await appsync.ask(documents.ROOM, {"room": "sala-ñ"}, role()) == {"roomId": "lobby"}
        for _ in range(2):
            subscription = Subscription(lambda _: None, lambda: None)
            await realtime.subscribe(subscription, documents.ON_MESSAGE, {"room": "lobby", "epoch": 1})
        await realtime.close()
    assert api.faults == []
    of_request = frozenset({"content-type", "host", "x-amz-date", "x-amz-security-token"})
    assert api.signed == [
        ("request", of_request),
        ("request", of_request),
        ("connect", REALTIME),
        ("start", REALTIME),
        ("start", REALTIME),
    ]


async def test_another_roles_signature_is_refused_by_its_name(api: IamApi) -> None:
    other = SignedByRole(RoleCredentials(lambda: Credentials(KEY, "another", SESSION)), REGION)
    async with aiohttp.ClientSession() as http:
        for authorization in (other, Token("a.plain.jwt")):
            with pytest.raises(UpstreamRefused) as refused:
                await AppSync(api.url, http, Breaker()).ask(documents.ROOM, {}, authorization)
            assert refused.value.refusal.code == "InvalidSignatureException"
        realtime = Realtime(api.url, http, other, Breaker())
        with pytest.raises(UpstreamRefused) as refused:
            await realtime.subscribe(Subscription(lambda _: None, lambda: None), documents.ON_MESSAGE, {})
        assert refused.value.refusal.code == "UnauthorizedException"
        await realtime.close()
    assert api.signed == []


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://abc123.appsync-api.eu-central-1.amazonaws.com/graphql",
            "wss://abc123.appsync-realtime-api.eu-central-1.amazonaws.com/graphql",
        ),
        ("https://api.example.com/graphql", "wss://api.example.com/graphql/realtime"),
    ],
)
async def test_the_graphql_endpoint_is_signed_whatever_the_realtime_address(url: str, address: str) -> None:
    assert realtime_address(url) == address
    parts = urlsplit(url)
    for path, body in (("/connect", b"{}"), ("", b'{"query": "subscription"}')):
        fields = await role().of_realtime(url + path, body)
        signed = accepted(parts.path + path, {"host": parts.netloc, **fields}, body)
        assert signed.headers == REALTIME
        with pytest.raises(Wrong):
            accepted(parts.path + path, {"host": urlsplit(address).netloc + ".", **fields}, body)


async def test_credentials_are_looked_for_beside_the_loop_and_kept_meanwhile() -> None:
    now, given, go_on = (
        0.0,
        [Credentials("first", "s", "t"), Credentials("second", "s", "t")],
        threading.Event(),
    )
    go_on.set()
    looks = 0

    def find() -> Credentials:
        nonlocal looks
        looks += 1
        go_on.wait(10)
        return given.pop(0)

    credentials = RoleCredentials(find, lambda: now)
    at_once = await asyncio.gather(*(credentials.current() for _ in range(10)))
    assert ({each.access_key for each in at_once}, looks) == ({"first"}, 1)
    go_on.clear()
    now = LOOK_SECONDS
    assert [(await credentials.current()).access_key for _ in range(3)] == ["first"] * 3, (
        "the loop waits for nobody"
    )
    go_on.set()
    async with asyncio.timeout(10):
        while (await credentials.current()).access_key == "first":  # noqa: ASYNC110  nothing else says so
            await asyncio.sleep(0)
    assert looks == 2


async def test_nobody_waits_for_long_for_credentials_that_do_not_come() -> None:
    go_on = threading.Event()

    def find() -> Credentials:
        go_on.wait(10)
        return Credentials(KEY, SECRET, SESSION)

    credentials = RoleCredentials(find, wait_s=0.02)
    signed = SignedByRole(credentials, REGION)
    for _ in range(3):
        with pytest.raises(UpstreamRefused):
            await credentials.current()
        assert signed.is_over
    go_on.set()
    async with asyncio.timeout(10):
        while signed.is_over:  # noqa: ASYNC110  nothing else says so
            await asyncio.sleep(0.01)
    assert (await credentials.current()).access_key == KEY


async def test_credentials_that_cannot_be_had_are_looked_for_again_and_do_not_end_those_that_are_there() -> (
    None
):
    now, found = 0.0, [None, OSError("no"), Credentials(KEY, SECRET, SESSION), OSError("no")]

    def find() -> Credentials | None:
        each = found.pop(0)
        if isinstance(each, OSError):
            raise each
        return each

    credentials = RoleCredentials(find, lambda: now)
    signed = SignedByRole(credentials, REGION)
    for _ in range(2):
        for _ in range(3):
            with pytest.raises(UpstreamRefused):
                await signed.of_request("http://127.0.0.1/graphql", b"{}")
        assert signed.is_over
        now += RETRY_SECONDS
    assert (await credentials.current()).access_key == KEY
    assert not signed.is_over
    now += LOOK_SECONDS
    async with asyncio.timeout(10):
        while found:
            assert (await credentials.current()).access_key == KEY
            await asyncio.sleep(0)
    assert (await credentials.current()).access_key == KEY


async def test_the_credentials_are_those_of_the_tasks_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ECS gives them: by an address in the environment, new ones before the old ones end."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Authorization"])
        ends = datetime.now(UTC) + timedelta(minutes=5)  # so soon that botocore asks again at once
        return web.json_response(
            {
                "AccessKeyId": f"ASIA{len(asked)}",
                "SecretAccessKey": SECRET,
                "Token": SESSION,
                "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )

    app = web.Application()
    app.router.add_get("/credentials", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    where = f"http://127.0.0.1:{runner.addresses[0][1]}/credentials"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", where)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-task")
    found = await RoleCredentials().current()
    await runner.cleanup()
    assert (found.secret_key, found.token) == (SECRET, SESSION)
    assert found.access_key == f"ASIA{len(asked)}"
    assert len(asked) == 2, "the second time in place of those that end soon"
    assert set(asked) == {"of-the-task"}


SIGN = f"""
import asyncio, logging
from botocore.credentials import Credentials
from gateway import logs
from gateway.signature import RoleCredentials, SignedByRole

logs.configure("DEBUG")
logging.getLogger("gateway").debug("the level is DEBUG")
role = SignedByRole(RoleCredentials(lambda: Credentials("{KEY}", "{SECRET}", "{SESSION}")), "{REGION}")
asyncio.run(role.of_request("http://127.0.0.1/graphql", b"{{}}"))
"""


def test_no_line_of_the_log_has_the_sessions_token() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", SIGN],
        cwd=PROJECT,
        env={"PYTHONPATH": ".:layers/chat/python"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "the level is DEBUG" in done.stderr
    assert not any(secret in done.stderr for secret in (KEY, SECRET, SESSION))
