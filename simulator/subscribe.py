"""Prints what happens in a room of the running API, a line of JSON for each event, until Ctrl-C.

A subscriber as AppSync has them: it reads the room's epoch, subscribes with it, and subscribes again where
somebody's leaving has ended that epoch
(https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html). It does not catch up:
what happens while it is not subscribed is read with `changes`.
"""

import asyncio
import base64
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TextIO, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from simulator.auth.modes import Source
from simulator.auth.signing import Authorize, signer
from simulator.handshake import SUBPROTOCOL
from simulator.settings import REGION, Settings
from simulator.token import token_of

EPOCH = "query ($roomId: ID!) { messages(roomId: $roomId, limit: 1) { head { epoch } } }"
WATCH = """
subscription ($roomId: ID!, $epoch: Int) {
  onMessage(roomId: $roomId, epoch: $epoch) {
    id roomId senderId text ts seq epoch clientMessageId rev editedAt removedAt erased version
    attachments { id name contentType size } replyTo mentions mentionsAll
    reactions { emoji count userIds }
    notice {
      kind userId role mutedUntil nextEpoch rev messageId seq
      room { roomId historyFrom historyRev }
      reactions { id seq rev reactions { emoji count userIds } }
      erased { from to }
    }
  }
}
"""
PATIENCE = 30.0
"""Seconds for an answer, and for `start_ack`."""


Document = TypeVar("Document", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Refusal(_Model):
    """One entry of `errors[]`."""

    error_type: str | None = None
    message: str = ""

    def __str__(self) -> str:
        return self.message or self.error_type or "refused without a word"


class Answer(_Model):
    """What GraphQL answers: over HTTP, and as the payload of a frame."""

    data: dict[str, Any] | None = None
    errors: list[Refusal] = Field(default_factory=list)


class Frame(_Model):
    """A frame of the realtime protocol that a server sends."""

    type: str
    id: str | None = None
    payload: Answer = Field(default_factory=Answer)


class CannotSubscribe(Exception):
    """The API refuses, or does not answer; the text says so in a sentence."""


class StaleEpoch(Exception):
    """`epoch` is the room's now."""

    def __init__(self, epoch: int) -> None:
        super().__init__(epoch)
        self.epoch = epoch


def main(settings: Settings, answers: TextIO) -> int:
    token = token_of(settings, int(time.time()))
    address = f"127.0.0.1:{settings.port}"
    authorize = token if Source.IAM not in settings.auth else signer(json.loads(token), REGION, address)

    def print_event(event: Any) -> None:
        print(json.dumps(event, ensure_ascii=False), file=answers, flush=True)

    try:
        asyncio.run(follow(address, authorize, settings.room, print_event))
    except KeyboardInterrupt:
        return 0
    except (
        BrokenPipeError
    ):  # whoever reads the lines has enough of them: nothing may be written at exit, either
        os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
        return 0
    except CannotSubscribe as refused:
        print(refused, file=sys.stderr)
    except (aiohttp.ClientError, ConnectionError, TimeoutError):
        print(
            f"No API answers at http://{address}/graphql, or it has ended: `make run` starts it.",
            file=sys.stderr,
        )
    return 1


async def follow(address: str, authorize: str | Authorize, room: str, tell: Callable[[Any], None]) -> None:
    """Tells each event of a room. Ends by `CannotSubscribe` or an error of the connection alone.

    `address`: host and port of an API without TLS. `authorize`: a token, or what signs.
    """
    if isinstance(authorize, str):
        token = {"host": address, "Authorization": authorize}
        return await follow(address, lambda _path, _body: token, room, tell)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        epoch = await _epoch(http, address, authorize, room)
        async with http.ws_connect(
            f"ws://{address}/graphql/realtime",
            protocols=(SUBPROTOCOL, _credentials(authorize("/graphql/connect", "{}"))),
            heartbeat=30,
        ) as socket:
            await socket.send_json({"type": "connection_init"})
            await _expected(socket, "connection_ack")
            while True:
                epoch = await _hear(socket, authorize, room, epoch, tell)


async def _epoch(http: aiohttp.ClientSession, address: str, authorize: Authorize, room: str) -> int:
    """A room's epoch, which a subscription has to name."""
    body = json.dumps({"query": EPOCH, "variables": {"roomId": room}})
    sent = http.post(f"http://{address}/graphql", data=body, headers=authorize("/graphql", body))
    async with asyncio.timeout(PATIENCE), sent as response:
        answer = _read(Answer, await response.text())
    if answer.errors or answer.data is None:
        raise CannotSubscribe("; ".join(map(str, answer.errors)) or "The API answers nothing.")
    return int(answer.data["messages"]["head"]["epoch"])


async def _hear(
    socket: aiohttp.ClientWebSocketResponse,
    authorize: Authorize,
    room: str,
    epoch: int,
    tell: Callable[[Any], None],
) -> int:
    """Subscribes with `epoch` and tells what comes until it is over; gives the next one."""
    data = json.dumps({"query": WATCH, "variables": {"roomId": room, "epoch": epoch}})
    payload = {"data": data, "extensions": {"authorization": authorize("/graphql", data)}}
    id_ = f"epoch-{epoch}"
    await socket.send_json({"type": "start", "id": id_, "payload": payload})
    try:
        await _expected(socket, "start_ack", id_)
    except StaleEpoch as stale:
        return stale.epoch
    print(f"Subscribed to {room} in its epoch {epoch}. Ctrl-C ends it.", file=sys.stderr, flush=True)
    async for frame in _frames(socket):
        if frame.type == "data" and frame.id == id_:
            event = (frame.payload.data or {}).get("onMessage")
            if event is None:  # its sender left out what an event needs
                print("An event came without its fields:", *frame.payload.errors, file=sys.stderr, flush=True)
                continue
            tell(event)
            if next_epoch := (event["notice"] or {}).get("nextEpoch"):
                await socket.send_json({"type": "stop", "id": id_})
                return int(next_epoch)
    raise ConnectionError


async def _expected(socket: aiohttp.ClientWebSocketResponse, type_: str, id_: str | None = None) -> None:
    """Waits for a frame of this type, and this id. Raises `StaleEpoch`, and `CannotSubscribe` for what is
    refused."""
    async with asyncio.timeout(PATIENCE):
        async for frame in _frames(socket):
            if frame.type == "connection_error" or (frame.type == "error" and frame.id == id_):
                refusal = frame.payload.errors[0] if frame.payload.errors else Refusal()
                stale = re.search(r"\bepoch=(\d+)", refusal.message)
                if refusal.error_type == "StaleEpoch" and stale:
                    raise StaleEpoch(int(stale[1]))
                raise CannotSubscribe(str(refusal))
            if frame.type == type_ and frame.id == id_:
                return
    raise ConnectionError


async def _frames(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Frame]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield _read(Frame, message.data)


def _read(model: type[Document], text: str) -> Document:
    try:
        return model.model_validate_json(text)
    except ValidationError:
        raise CannotSubscribe("What answers there does not speak AppSync's protocol.") from None


def _credentials(headers: Mapping[str, str]) -> str:
    """Headers as a subprotocol, where AppSync looks for them."""
    return "header-" + base64.urlsafe_b64encode(json.dumps(headers).encode()).rstrip(b"=").decode()
