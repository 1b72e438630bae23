"""AppSync's HTTP: /graphql by POST and GET, the upgrade to the realtime protocol, and CORS.

https://docs.aws.amazon.com/appsync/latest/devguide/what-is-appsync.html gives no wire format: statuses and
bodies are those that live APIs were seen to send, and so are the CORS headers: browsers come in from everywhere,
with whatever headers they ask for.
"""

import asyncio
import logging
import re
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator import strict_json
from simulator.auth.authorization import Authorization, Credentials
from simulator.auth.sigv4 import SignedRequest
from simulator.context import Call, Headers, addresses, header_text, request_headers
from simulator.execution import Api, GraphqlRequest
from simulator.handshake import SUBPROTOCOL, credentials
from simulator.limits import Limits
from simulator.page.site import Site
from simulator.protocol import Connection, ConnectionRefusal
from simulator.realtime import Handshake, Outbound, Session
from simulator.refusals import RequestRefused, malformed

log = logging.getLogger(__name__)

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,"
    "Date,x-amz-schema-version",
}
USUAL_HEADERS = (
    "authorization,content-type,x-amz-user-agent,x-api-key,x-amz-date,x-amz-security-token,accept-language"
)
"""What a preflight is told that asks for none. Listed, because `*` does not cover authorization."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""


class Endpoints:
    """The routes of one API, and of what stands beside it: `documents` by their paths, all of them JSON, and the page."""

    def __init__(
        self,
        api: Api,
        authorization: Authorization,
        documents: Mapping[str, bytes],
        limits: Limits,
        site: Site | None = None,
    ) -> None:
        self._api = api
        self._authorization = authorization
        self._documents = documents
        self._limits = limits
        self._site = site
        self._sessions: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=self._limits.body, middlewares=[self._edge])
        app.router.add_post("/graphql", self.post)
        app.router.add_get("/graphql", self.get, allow_head=False)
        app.router.add_get("/graphql/realtime", self.realtime, allow_head=False)
        for path in self._documents:
            app.router.add_get(path, self.document)
        app.router.add_get("/healthz", self.health)
        if self._site:
            self._site.add_routes(app)
        app.on_response_prepare.append(self._stamp)
        app.on_shutdown.append(self.hang_up)
        return app

    async def post(self, request: web.Request) -> web.Response:
        self._check_presence(request)
        try:
            async with asyncio.timeout(self._limits.handshake):
                body = await request.read()
        except (web.RequestPayloadError, ConnectionError, TimeoutError):
            # The client went away, or does not go on, or the body is not in its Content-Encoding.
            raise malformed("Request body cannot be read.") from None
        if not body:
            raise malformed("Request body is empty.")
        try:
            return await self._answer(request, strict_json.loads(body), body)
        except strict_json.NotJson:
            raise malformed() from None

    async def get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.realtime(request)
        self._check_presence(request)
        try:
            body = strict_json.loads(strict_json.dumps(dict(request.query)))
            if "variables" in body:
                body["variables"] = strict_json.loads(body["variables"])
        except strict_json.NotJson:
            raise malformed() from None
        return await self._answer(request, body, b"")

    def _check_presence(self, request: web.Request) -> None:
        """The credentials come before the body: without them nothing is read."""
        if not request.headers.get("Authorization"):
            raise self._authorization.refusal()

    async def _answer(self, request: web.Request, body: Any, sent: bytes) -> web.Response:
        """`body`: what `sent` says; nothing is sent by GET."""
        asked = _graphql_request(body)
        headers = _headers(request)
        grant = await self._authorization.judge(
            _credentials(request, headers, sent),
            query=asked.query,
            operation_name=asked.operation_name,
            variables=asked.variables,
        )
        answer = await self._api.execute(asked, Call(headers, grant, asked.variables))
        return web.Response(
            text=strict_json.dumps(answer),
            content_type="application/json",
            headers={"x-amzn-appsync-TokensConsumed": "1"},
        )

    async def realtime(self, request: web.Request) -> web.StreamResponse:
        """Answers 101 whatever the credentials: a client that is refused otherwise stays silent for ever."""
        offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        socket = web.WebSocketResponse(
            # AppSync answers this one entry only, never the one that carries the credentials.
            protocols=(SUBPROTOCOL,) if SUBPROTOCOL in offered else (),
            heartbeat=self._limits.ping,
            compress=False,
            timeout=self._limits.goodbye,
            max_msg_size=self._limits.frame,
        )
        if not socket.can_prepare(request).ok or request.transport is None:
            raise RequestRefused(400, "BadRequestException", "A WebSocket handshake is expected.")
        await socket.prepare(request)
        self._sessions.add(socket)
        try:
            found = credentials(offered, request.rel_url.raw_query_string, _as_sent(request))
            headers = _headers(request)
            handshake = Handshake(self._authorization, headers, request.headers.get("Host", ""))
            refusal = found if isinstance(found, ConnectionRefusal) else await handshake.refusal(found)
            connection = Connection(refusal, self._limits.subscriptions, self._limits.frame)
            outbound = Outbound(socket, request.transport, self._limits)
            await Session(self._api, handshake, self._limits, connection, outbound).run(socket)
        finally:
            self._sessions.discard(socket)
        return socket

    async def document(self, request: web.Request) -> web.Response:
        return web.Response(body=self._documents[request.path], content_type="application/json")

    async def health(self, _request: web.Request) -> web.Response:
        """How many sockets are open and how many subscriptions live."""
        counts = {"connections": len(self._sessions), "subscriptions": len(self._api.subscriptions)}
        return web.Response(text=strict_json.dumps(counts), content_type="application/json")

    async def hang_up(self, _app: web.Application) -> None:
        """Closes what is open with 1001 (going away), so that clients come back to the next server."""
        closing = [asyncio.create_task(socket.close(code=1001)) for socket in self._sessions]
        if closing:
            await asyncio.wait(closing, timeout=self._limits.goodbye)

    async def _stamp(self, request: web.Request, response: web.StreamResponse) -> None:
        """Every origin may read what the API says, and none what the page is told, tokens among it."""
        if not self._is_of_the_page(request):
            response.headers.update(CORS)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())

    @web.middleware
    async def _edge(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method != "OPTIONS" or self._is_of_the_page(request):
            return await _refusals(request, handler)
        return _preflight(request)

    def _is_of_the_page(self, request: web.Request) -> bool:
        return self._site is not None and self._site.has(request.path)


async def _refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    """The program's edge: whatever happens, the answer has AppSync's shape and no detail."""
    try:
        answer: web.StreamResponse = await handler(request)
    except RequestRefused as refused:
        return _refusal(refused.status, refused.error_type, refused.message)
    except web.HTTPRequestEntityTooLarge:
        return _refusal(413, "RequestEntityTooLargeException", "Request body is too large.")
    except web.HTTPNotFound:
        return _refusal(404, "UnknownOperationException", "There is nothing at this path.")
    except web.HTTPMethodNotAllowed as refused:
        headers = {"Allow": refused.headers["Allow"]}
        return _refusal(405, "UnknownOperationException", "This path has no such method.", headers)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("request failed")
        return _refusal(500, "InternalFailure", "Internal failure.")
    return answer


def _preflight(request: web.Request) -> web.Response:
    """What is asked for is allowed (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    asked = (name.strip() for name in request.headers.get("Access-Control-Request-Headers", "").split(","))
    allowed = ",".join(name for name in asked if _HEADER_NAME.fullmatch(name))
    return web.Response(
        headers={
            "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
            "Access-Control-Allow-Headers": allowed or USUAL_HEADERS,
            "Access-Control-Max-Age": "172800",
        }
    )


def _refusal(
    status: int, error_type: str, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        text=strict_json.dumps({"errors": [{"errorType": error_type, "message": message}]}),
        content_type="application/json",
        headers={"x-amzn-ErrorType": error_type, **(headers or {})},
    )


def _credentials(request: web.Request, headers: Headers, body: bytes) -> Credentials:
    """`headers`: as a resolver sees them."""
    as_sent = _as_sent(request)
    found = {name.lower(): value for name, value in as_sent.items()}
    signed = SignedRequest(
        method=request.method,
        path=request.rel_url.raw_path,
        query=request.rel_url.raw_query_string,
        headers=found,
        body=body,
        host=found.get("host", ""),
    )
    return Credentials(signed, as_sent, addresses(headers))


def _headers(request: web.Request) -> Headers:
    trace = f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}"
    return {
        "x-amzn-trace-id": trace,
        **request_headers(request.headers.items(), request.remote or "127.0.0.1"),
    }


def _as_sent(request: web.Request) -> dict[str, str]:
    """What the authorizer sees: names as the client wrote them."""
    return {name: header_text(value) for name, value in request.headers.items() if name.lower() != "cookie"}


def _graphql_request(body: Any) -> GraphqlRequest:
    """Unknown keys are ignored: Apollo sends `extensions`."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise malformed()
    variables = {} if body.get("variables") is None else body["variables"]
    operation_name = body.get("operationName") or None
    if not isinstance(variables, dict) or not isinstance(operation_name, str | None):
        raise malformed()
    return GraphqlRequest(body["query"], variables, operation_name)
