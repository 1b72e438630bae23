"""AppSync's realtime protocol for one connection, without I/O: frames go in, actions come out.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html. Nothing here waits, reads
a clock or knows a socket. Whoever runs a connection carries out the returned actions in their order and
reports what became of each `Subscribe`. Frames with data do not pass here: their sender asks `data_prefix`
once and stops at `Unsubscribe`.

Where the page is silent, this is what happens:
- `connection_init` is optional: a `start` without it is handled like any other. A second one is acknowledged
  again.
- What is not a frame (binary, not JSON, no object, unknown type, a `start` without a string for id and data)
  is answered with `UnsupportedOperation`, without an id, and the connection goes on.
- `stop` of an id that is not there is answered with `complete`, so that a client may repeat it.
- A connection that was refused says so after its first frame, or when `silence_is_over`: a client that has
  not yet spoken may not listen yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from simulator import strict_json
from simulator.refusals import Error

CONNECTION_TIMEOUT_MS = 300_000
MAX_ID_LENGTH = 1024
"""An id is repeated in every frame; longer ones would multiply what a client sends."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Authorise and start a subscription, then report `subscribed`, `subscription_refused` or
    `not_a_subscription`.

    `ticket` tells this start from a later one with the same id. `authorization`: the credentials of this
    start, keys in lower case. `data`: the text that said the request, which a signature is over.
    """

    ticket: int
    id: str
    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    authorization: Mapping[str, str]
    data: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Deliver nothing more for this ticket, whether its start has been answered or not."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection with this code (RFC 6455 section 7.4)."""

    code: int


Action = Send | Subscribe | Unsubscribe | Close


@dataclass(frozen=True, slots=True)
class ConnectionRefusal:
    """Why a handshake is refused. `code` is a number like an HTTP status; 400, 401 and 403 are not tried
    again."""

    code: int
    error_type: str | None = None
    message: str | None = None

    def error(self) -> Error:
        named = {"errorType": self.error_type, "message": self.message}
        return {key: value for key, value in named.items() if value is not None} | {"errorCode": self.code}


NO_PROTOCOL = ConnectionRefusal(400, message="NoProtocolError")
NO_CREDENTIALS = ConnectionRefusal(400, message="Required headers are missing.")
BAD_CREDENTIALS = ConnectionRefusal(400, error_type="BadRequest")


def frame(type_: str, id_: str | None = None, **payload: Any) -> Send:
    named: dict[str, Any] = {} if id_ is None else {"id": id_}
    return Send(strict_json.dumps(named | {"type": type_} | ({"payload": payload} if payload else {})))


def data_prefix(id_: str) -> bytes:
    """A data frame is this, the JSON of its payload, and a closing brace."""
    return f'{{"id":{strict_json.dumps(id_)},"type":"data","payload":'.encode()


@dataclass(slots=True)
class Connection:
    """One connection. `refusal`: what the handshake and the authorizer made of it; None when they let it
    in."""

    refusal: ConnectionRefusal | None = None
    max_subscriptions: int = 200
    max_frame: int = 1024 * 1024
    closed: bool = False
    _operations: dict[str, int] = field(default_factory=dict)
    _tickets: "count[int]" = field(default_factory=count)

    def opened(self) -> Sequence[Action]:
        """A client without the subprotocol is told at once: it follows no order that could be waited for."""
        return self.silence_is_over() if self.refusal is NO_PROTOCOL else ()

    def silence_is_over(self) -> Sequence[Action]:
        """The time that a refused client is given to speak first has passed."""
        if self.refusal is None or self.closed:
            return ()
        self.closed = True
        return (frame("connection_error", errors=[self.refusal.error()]), Close(1000))

    def keep_alive_due(self) -> Sequence[Action]:
        """A minute has passed. `ka` flows whether or not `connection_init` came."""
        return () if self.closed or self.refusal else (frame("ka"),)

    def receive_binary(self) -> Sequence[Action]:
        return self._judge(None)

    def receive_text(self, text: str) -> Sequence[Action]:
        if not self.closed and len(text) > self.max_frame:
            self.closed = True
            return (Close(1009),)
        try:
            return self._judge(strict_json.loads(text))
        except strict_json.NotJson:
            return self._judge(None)

    def subscribed(self, start: Subscribe) -> Sequence[Action]:
        """The subscription is live. Empty when it was stopped meanwhile: then it must be taken down again."""
        return (frame("start_ack", start.id),) if self._is_current(start) else ()

    def subscription_refused(self, start: Subscribe, errors: Sequence[Error]) -> Sequence[Action]:
        return (frame("error", start.id, errors=list(errors)),) if self._forget(start) else ()

    def not_a_subscription(self, start: Subscribe, kind: str) -> Sequence[Action]:
        return (_unsupported(kind),) if self._forget(start) else ()

    def _is_current(self, start: Subscribe) -> bool:
        return not self.closed and self._operations.get(start.id) == start.ticket

    def _forget(self, start: Subscribe) -> bool:
        if not self._is_current(start):
            return False
        del self._operations[start.id]
        return True

    def _judge(self, message: object) -> Sequence[Action]:
        if self.closed:
            return ()
        if self.refusal:
            return self.silence_is_over()
        match message:
            case {"type": "connection_init"}:
                return (frame("connection_ack", connectionTimeoutMs=CONNECTION_TIMEOUT_MS), frame("ka"))
            case {"type": "start", "id": str(id_), "payload": {"data": str(data)} as payload}:
                return self._start(id_, data, payload)
            case {"type": "stop", "id": str(id_)} if len(id_) <= MAX_ID_LENGTH:
                return self._stop(id_)
        return (_unsupported(),)

    def _start(self, id_: str, data: str, payload: object) -> Sequence[Action]:
        request = _request(data)
        if len(id_) > MAX_ID_LENGTH or request is None:
            return (_unsupported(),)
        if id_ in self._operations:
            message = f"Duplicated operation with id {id_}"
            return (
                frame("error", id_, errors=[{"errorType": "DuplicatedOperationError", "message": message}]),
            )
        if len(self._operations) >= self.max_subscriptions:
            message = f"Max number of {self.max_subscriptions} subscriptions reached"
            # `errors` is an object in this frame, not a list: captured by several clients.
            return (
                frame("error", id_, errors={"errorType": "MaxSubscriptionsReachedError", "message": message}),
            )
        query, variables, operation_name = request
        ticket = self._operations[id_] = next(self._tickets)
        return (Subscribe(ticket, id_, query, variables, operation_name, _authorization(payload), data),)

    def _stop(self, id_: str) -> Sequence[Action]:
        ticket = self._operations.pop(id_, None)
        complete = frame("complete", id_)
        return (complete,) if ticket is None else (Unsubscribe(ticket), complete)


def _unsupported(kind: str = "unknown") -> Send:
    message = f"{kind} not supported through the realtime channel"
    return frame("error", errors=[{"errorType": "UnsupportedOperation", "message": message}])


def _request(data: str) -> tuple[str, Mapping[str, Any], str | None] | None:
    """The GraphQL request in a start's `data`; None when it is none."""
    try:
        request = strict_json.loads(data)
    except strict_json.NotJson:
        return None
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        return None
    variables = {} if request.get("variables") is None else request["variables"]
    operation_name = request.get("operationName") or None
    if not isinstance(variables, dict) or not isinstance(operation_name, str | None):
        return None
    return request["query"], variables, operation_name


def _authorization(payload: object) -> Mapping[str, str]:
    match payload:
        case {"extensions": {"authorization": dict(headers)}}:
            return {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
    return {}
