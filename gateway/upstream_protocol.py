"""AppSync's realtime protocol from a client's side, without I/O.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

import base64
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBPROTOCOL = "graphql-ws"
KEEP_ALIVE_S = 60.0
"""AppSync sends a keep-alive this often; half as much again of silence is taken for the end."""


@dataclass(frozen=True, slots=True)
class Data:
    """An event of subscription `id`: the value of its field."""

    id: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A subscription, or without `id` the whole connection, was refused."""

    id: str | None
    error_type: str
    message: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The connection is acknowledged; something has to come within each `timeout_s`."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Completed:
    id: str


Event = Data | Accepted | Refused | Ready | Completed


def realtime_address(graphql: str) -> str:
    """The address of the realtime endpoint that belongs to a GraphQL endpoint, by AppSync's rules."""
    parts = urllib.parse.urlsplit(graphql)
    scheme = {"https": "wss", "http": "ws"}[parts.scheme]
    if ".appsync-api." in parts.netloc:
        return f"{scheme}://{parts.netloc.replace('.appsync-api.', '.appsync-realtime-api.')}{parts.path}"
    return f"{scheme}://{parts.netloc}{parts.path}/realtime"


def subprotocols(authorization: Mapping[str, str]) -> tuple[str, str]:
    """What to offer in the handshake: the protocol, and the credentials as an entry of their own."""
    header = json.dumps(authorization).encode()
    return SUBPROTOCOL, "header-" + base64.urlsafe_b64encode(header).decode().rstrip("=")


def init() -> str:
    return json.dumps({"type": "connection_init"})


def data(query: str, variables: Mapping[str, Any]) -> str:
    """What is subscribed to, as `start` carries it: a text, since a signature is of its bytes."""
    return json.dumps({"query": query, "variables": variables})


def start(subscription: str, data: str, authorization: Mapping[str, str]) -> str:
    return json.dumps(
        {
            "id": subscription,
            "type": "start",
            "payload": {
                "data": data,
                "extensions": {"authorization": authorization},
            },
        }
    )


def stop(subscription: str) -> str:
    return json.dumps({"id": subscription, "type": "stop"})


def receive(text: str) -> Event | None:
    """What a frame says; `None` for a keep-alive and for anything that is not known."""
    try:
        frame = json.loads(text)
        kind, subscription = frame["type"], frame.get("id")
        if kind == "data":
            values = list((frame["payload"].get("data") or {}).values())
            return Data(str(subscription), values[0]) if values and isinstance(values[0], dict) else None
        if kind == "start_ack":
            return Accepted(str(subscription))
        if kind == "connection_ack":
            return Ready(frame["payload"]["connectionTimeoutMs"] / 1_000)
        if kind == "complete":
            return Completed(str(subscription))
        if kind in ("error", "connection_error"):
            return _refusal(None if kind == "connection_error" else subscription, frame.get("payload") or {})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _refusal(subscription: str | None, payload: Mapping[str, Any]) -> Refused:
    errors = payload.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else errors if isinstance(errors, dict) else {}
    return Refused(subscription, str(first.get("errorType", "")), str(first.get("message", "")))
