"""AppSync's realtime protocol from a client's side, without I/O: texts come in, and what they say is kept in order.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html. Nothing here waits, reads a clock
or knows a socket.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proving.graphql_http import Refusal, first_refusal
from proving.limits import FRAMES

SUBPROTOCOL = "graphql-ws"
TYPES = {"connection_ack", "connection_error", "ka", "start_ack", "data", "error", "complete"}
"""What AppSync sends; nothing else (same page)."""


def subprotocols(authorization: Mapping[str, str]) -> tuple[str, str]:
    """What is offered in the handshake: the protocol, and the credentials as an entry of their own."""
    header = json.dumps(authorization).encode()
    return SUBPROTOCOL, "header-" + base64.urlsafe_b64encode(header).decode().rstrip("=")


def init() -> str:
    return json.dumps({"type": "connection_init"})


def start(id_: str, document: str, variables: Mapping[str, Any], authorization: Mapping[str, str]) -> str:
    data = json.dumps({"query": document, "variables": variables})
    payload = {"data": data, "extensions": {"authorization": authorization}}
    return json.dumps({"id": id_, "type": "start", "payload": payload})


def stop(id_: str) -> str:
    return json.dumps({"id": id_, "type": "stop"})


@dataclass(slots=True)
class Connection:
    """What a connection has heard.

    `events`: what `data` frames brought, by subscription, each the whole of `payload`. `faults`: frames that the protocol
    does not have. `ended`: whether the socket is closed. `most`: frames that are taken.
    """

    ack: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    kept_alive: int = 0
    acknowledged: set[str] = field(default_factory=set)
    refused: dict[str, Refusal] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    events: dict[str, list[Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    ended: bool = False
    most: int = FRAMES
    _frames: int = 0

    def receive(self, text: str) -> None:
        self._frames += 1
        if self._frames > self.most:
            if self._frames == self.most + 1:
                self.faults.append(f"more than {self.most} frames")
            return
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        match frame:
            case {"type": str(type_)} if type_ in TYPES:
                self._take(type_, frame.get("id"), frame.get("payload"))
            case _:
                self.faults.append(f"no frame of the protocol: {text[:200]}")

    def _take(self, type_: str, id_: object, payload: object) -> None:
        given: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
        match type_, id_:
            case "connection_ack", _:
                self.ack = given
            case "ka", _:
                self.kept_alive += 1
            case "connection_error", _:
                self.refusal = first_refusal(given.get("errors")) or Refusal("", "")
            case "error", None:
                self.faults.append(f"an error without an id: {json.dumps(payload)[:200]}")
            case "start_ack", str():
                self.acknowledged.add(id_)
            case "error", str():
                self.refused[id_] = first_refusal(given.get("errors")) or Refusal("", "")
            case "complete", str():
                self.completed.add(id_)
            case "data", str() if isinstance(payload, dict):
                if id_ in self.completed:
                    self.faults.append(f"data of {id_} after complete")
                self.keep(id_, payload)
            case _:
                self.faults.append(f"{type_} without what it needs")

    def keep(self, id_: str, payload: Mapping[str, Any]) -> None:
        """What a `data` frame brought."""
        self.events.setdefault(id_, []).append(payload)
