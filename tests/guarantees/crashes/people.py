"""Those who use a chat while its programs are killed: each does what docs/clients.md and docs/gateway.md ask."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from simulator.subscribe import CannotSubscribe, follow

FIELDS = "id roomId senderId text ts seq epoch clientMessageId rev editedAt removedAt notice { kind userId nextEpoch rev }"
SEND = f"""mutation ($roomId: ID!, $text: String!, $id: ID!) {{
  sendMessage(roomId: $roomId, text: $text, clientMessageId: $id) {{ {FIELDS} }} }}"""
READ = f"""query ($roomId: ID!, $token: String) {{
  messages(roomId: $roomId, limit: 100, nextToken: $token) {{ items {{ {FIELDS} }} nextToken head {{ seq rev ts epoch }} }} }}"""
CHANGES = f"""query ($roomId: ID!, $since: Int!, $after: AWSDateTime, $token: String) {{
  changes(roomId: $roomId, since: $since, after: $after, limit: 50, nextToken: $token) {{
    items {{ {FIELDS} }} reset nextToken head {{ seq rev ts epoch }} }} }}"""
MY_ROOMS = "query { myRooms(limit: 50) { items { room { roomId head { seq } } unread lastReadSeq } } }"
SYNC = f"""query ($token: String) {{ sync(since: $token, limit: 100) {{
  rooms {{ roomId reset left more messages {{ {FIELDS} }} }} token more reset }} }}"""
AGAIN_S = 0.2
"""The pause before a request is repeated; growing pauses would only make the run longer."""
PATIENCE_S = 8.0
REPEATED = frozenset({"ServiceUnavailable", "InternalError", "RateLimited", "StaleEpoch"})


class Refused(Exception):
    """The API has answered no; `args[0]` is the error's type."""


class Endpoint(Protocol):
    """Whom people ask, and who gives them tokens."""

    @property
    def graphql(self) -> str: ...

    def token(self, user: str, **claims: object) -> str: ...


@dataclass
class Api:
    """The API as one person sees it, over one connection pool."""

    servers: Endpoint
    user: str
    http: aiohttp.ClientSession
    roles: tuple[str, ...] = ()
    repeated: int = 0

    async def ask(self, query: str, **variables: Any) -> Any:
        """The answer, however often it takes. Raises `Refused` for what no repetition changes."""
        claims: dict[str, Any] = {"roles": list(self.roles)} if self.roles else {}
        headers = {"authorization": self.servers.token(self.user, **claims)}
        body = {"query": query, "variables": variables}
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, ConnectionError, json.JSONDecodeError):
                async with self.http.post(
                    self.servers.graphql, json=body, headers=headers, timeout=timeout
                ) as answer:
                    found = await answer.json(content_type=None)
                    error = (found.get("errors") or [None])[0]
                    if not error and answer.status == 200:
                        (value,) = found["data"].values()
                        return value
                    if error and answer.status == 200 and error.get("errorType") not in REPEATED:
                        raise Refused(error.get("errorType"), error.get("message"))
            self.repeated += 1
            await asyncio.sleep(AGAIN_S)

    async def history(self, room: str) -> list[Any]:
        """All that this person can read, oldest first."""
        items: list[Any] = []
        token = None
        while True:
            page = await self.ask(READ, roomId=room, token=token)
            items += page["items"]
            token = page["nextToken"]
            if not token:
                return items[::-1]


@dataclass
class Sender:
    """Sends one message after the other, each under one id until it is answered."""

    api: Api
    room: str
    acknowledged: dict[str, Any] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Ids of what was refused: the person was not in the room."""

    async def run(self, ends: asyncio.Event, pause: Callable[[], float]) -> None:
        number = 0
        while not ends.is_set():
            number += 1
            name = f"{self.api.user}-{number}"
            try:
                self.acknowledged[name] = await self.api.ask(SEND, roomId=self.room, text=name, id=name)
            except Refused as refusal:
                if refusal.args[0] != "NotRoomMember":
                    raise
                self.refused.add(name)
            await asyncio.sleep(pause())


@dataclass
class AppSyncReader:
    """Subscribes, catches up by `changes` after each subscription and each event, and keeps what it has by id. `host`: the API's
    address and port."""

    api: Api
    room: str
    host: str
    shown: dict[str, Any] = field(default_factory=dict)
    live: list[int] = field(default_factory=list)
    """The numbers of the messages that came over the subscription, in the order in which they came."""
    head: Any = None
    """What was caught up with; absent before the first time, and after the person was out of the room."""

    async def run(self, ends: asyncio.Event) -> None:
        task, epoch = asyncio.create_task(self._subscribe()), None
        try:
            while not ends.is_set():
                await self.catch_up()
                if (
                    self.head and self.head["epoch"] != epoch
                ):  # the subscription may be of an epoch that is over
                    epoch = self.head["epoch"]
                    await _end(task)
                    task = asyncio.create_task(self._subscribe())
                with suppress(TimeoutError):
                    await asyncio.wait_for(ends.wait(), 1.0)
        finally:
            await _end(task)

    async def _subscribe(self) -> None:
        while True:
            with suppress(CannotSubscribe, aiohttp.ClientError, ConnectionError, TimeoutError):
                await follow(self.host, self.api.servers.token(self.api.user), self.room, self._event)
            await asyncio.sleep(AGAIN_S)

    def _event(self, event: Any) -> None:
        if event["seq"] is not None and not event["notice"]:
            self.live.append(event["seq"])
        self._take(event)

    def _take(self, message: Any) -> None:
        if message["seq"] is not None and not message["notice"]:
            self.shown[message["id"]] = message

    async def catch_up(self) -> None:
        """All pages of `changes`, and the head of the last; at first, and after a reset, all of `messages`."""
        try:
            if self.head is None:
                await self._read_afresh()
            await self._read_changes()
        except Refused as refusal:
            if refusal.args[0] != "NotRoomMember":
                raise
            self.head = None

    async def _read_afresh(self) -> None:
        head = (await self.api.ask(READ, roomId=self.room, token=None))["head"]
        self.shown = {message["id"]: message for message in await self.api.history(self.room)}
        self.head = head

    async def _read_changes(self) -> None:
        token = None
        since, after = self.head["rev"], self.head["ts"]
        while True:
            page = await self.api.ask(CHANGES, roomId=self.room, since=since, after=after, token=token)
            if page["reset"]:
                await self._read_afresh()
                return
            for message in page["items"]:
                self._take(message)
            token = page["nextToken"]
            if not token:
                self.head = page["head"]
                return


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@dataclass
class SyncReader:
    """Never subscribes: `sync` alone."""

    api: Api
    room: str
    shown: dict[str, Any] = field(default_factory=dict)
    token: str | None = None

    async def run(self, ends: asyncio.Event) -> None:
        while not ends.is_set():
            await self.catch_up()
            with suppress(TimeoutError):
                await asyncio.wait_for(ends.wait(), 0.7)

    async def catch_up(self) -> None:
        while True:
            page = await self.api.ask(SYNC, token=self.token)
            for each in page["rooms"]:
                if each["roomId"] != self.room:
                    continue
                if each["reset"]:
                    self.shown = {message["id"]: message for message in await self.api.history(self.room)}
                for message in each["messages"]:
                    if message["seq"] is not None and not message["notice"]:
                        self.shown[message["id"]] = message
            self.token = page["token"]
            if not page["more"]:
                return


@dataclass
class GatewayReader:
    """A client of the gateway at `url`: frames in order, each message once, resumed by the last `at`."""

    api: Api
    room: str
    url: str
    shown: dict[int, str] = field(default_factory=dict)
    """Ids by `seq`."""
    at: str | None = None
    problems: list[str] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    """The numbers of the messages in the order in which they came."""
    last: int | None = None
    """The number of the last message, after which the next one comes; unknown after a new beginning."""

    async def run(self, ends: asyncio.Event) -> None:
        while not ends.is_set():
            with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
                await self._connection(ends)
            with suppress(TimeoutError):
                await asyncio.wait_for(ends.wait(), AGAIN_S)

    async def _connection(self, ends: asyncio.Event) -> None:
        headers = {"authorization": self.api.servers.token(self.api.user)}
        async with self.api.http.ws_connect(self.url, headers=headers, heartbeat=5) as socket:
            await self._subscribe(socket)
            while not ends.is_set():
                with suppress(TimeoutError):
                    frame = await socket.receive(timeout=0.5)
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        return
                    await self.take(json.loads(frame.data), socket)

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json(
            {"type": "subscribe", "room": self.room} | ({"since": self.at} if self.at else {})
        )

    async def take(self, frame: Any, socket: aiohttp.ClientWebSocketResponse) -> None:
        """One frame of the gateway's. What must not be is noted in `problems`."""
        match frame["type"]:
            case "subscribed":
                if not self.at or not frame["resumed"]:
                    await self._read_afresh()
            case "reset":
                await self._read_afresh()
            case "message":
                self._message(frame["message"])
            case "removed":
                self.at = self.last = None
                await asyncio.sleep(AGAIN_S)
                await self._subscribe(socket)
                return
            case "refused" if frame["errorType"] in REPEATED:
                await asyncio.sleep(AGAIN_S)
                await self._subscribe(socket)
                return
            case "refused":
                self.at = self.last = None
                await asyncio.sleep(AGAIN_S)
                await self._subscribe(socket)
                return
        self.at = frame.get("at", self.at)

    async def _read_afresh(self) -> None:
        self.last = None
        with suppress(Refused):
            self.shown = {each["seq"]: each["id"] for each in await self.api.history(self.room)}

    def _message(self, message: Any) -> None:
        seq = message["seq"]
        if self.shown.get(seq, message["id"]) != message["id"]:
            self.problems.append(f"seq {seq} is {self.shown[seq]} and {message['id']}")
        if self.last is not None and seq != self.last + 1:
            self.problems.append(f"seq {seq} came after {self.last}")
        self.last = seq
        self.live.append(seq)
        self.shown[seq] = message["id"]
