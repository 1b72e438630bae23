"""One client: what it asks the chat for, with its own token, and what it is answered. Rooms come to it by
the hub."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from chat.rules.devices import OFFLINE_AFTER_MS
from chat.rules.rooms import Room
from gateway import client_frames, documents, server_frames
from gateway.appsync import AppSync, UpstreamRefused
from gateway.authorization import Token
from gateway.client_transport import ClientTransport
from gateway.connection import Action, Close, CloseCode, Connection, Reply
from gateway.documents import Document
from gateway.metrics import Metrics
from gateway.position import Sight

HEARTBEAT_SECONDS = 30.0
"""How often a client's positions are passed on at the most."""

SEEN_SECONDS = OFFLINE_AFTER_MS / 1_000

HEARTBEAT_ROOMS = 50
"""How many rooms one heartbeat may name."""

CHECKS_AT_ONCE = 10
"""How many of a client's rooms are asked for at once: a hundred together would make everybody else wait."""


NO_SIGHT = Sight()


class Client:
    """`close` ends the connection after what was written, and whatever is received by it at once.

    `device_id` is the client's name for the device that it runs on; where it has none, the connection is a
    device of its own."""

    def __init__(
        self,
        connection: Connection,
        appsync: AppSync,
        metrics: Metrics,
        transport: ClientTransport,
        close: Callable[[CloseCode, str], None],
    ) -> None:
        self.connection = connection
        self.transport = transport
        self.user_id = ""
        self.device_id = secrets.token_hex(8)
        self.is_named = False
        """Whether the client said which device it is, as which it may come back elsewhere."""
        self._token = Token("")
        self._appsync, self._metrics = appsync, metrics
        self.close = close
        self._sights: dict[str, Sight] = {}
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._delivered: dict[str, int] = {}
        """By room, up to which `seq` the client has everything; what no heartbeat has named yet."""
        self._heartbeat_at = float("-inf")

    def authenticated(self, user_id: str, token: str) -> None:
        """`token`: as the API takes it."""
        self.user_id, self._token = user_id, Token(token)

    def name_device(self, device_id: str | None) -> None:
        """The client says on which device it runs, if it does."""
        if device_id is not None:
            self.device_id, self.is_named = device_id, True

    def reply(self, text: str) -> None:
        self.transport.write(server_frames.framed(text))

    def apply(self, actions: Sequence[Action]) -> None:
        """Replies and closes, which need not wait for anything."""
        for action in actions:
            match action:
                case Reply(text):
                    self.reply(text)
                case Close(code, reason):
                    self.close(code, reason)

    async def request(self, action: Action) -> None:
        """Ask the chat in the client's name, and answer the client."""
        match action:
            case client_frames.Send():
                await self._send(action)
            case client_frames.Mark(type="delivered", room=room, seq=seq):
                self._delivered[room.id] = max(seq, self._delivered.get(room.id, 0))
            case client_frames.Mark(room=room, seq=seq):
                await self._request(documents.READ, {"room": room.id, "seq": seq})
            case client_frames.Typing(room=room):
                await self._request(documents.TYPING, {"room": room.id})
            case client_frames.Presence(room=room):
                if answer := await self._request(documents.PRESENCE, {"room": room.id}):
                    self.reply(server_frames.encode("presence", room=room.id, presence=answer))

    def access_epoch(self, room: Room) -> int:
        """The epoch in which the chat last said that the person is a member of the room; 0 before it did."""
        return self.sight(room).epoch

    def sight(self, room: Room) -> Sight:
        """Which part of the room the person may see, as the chat said then."""
        return self._sights.get(room.id, NO_SIGHT)

    async def check_access(self, room: Room) -> None:
        """The chat's own decision whether the person may receive the room. Raises `UpstreamRefused`."""
        answer = await self._appsync.ask(documents.ROOM, {"room": room.id}, self._token)
        if answer["me"] is None:  # a visitor of a public room may look at it, not receive it
            raise UpstreamRefused(server_frames.Refusal("NotRoomMember", "You are not in this room.", {}))
        self._sights[room.id] = Sight.of(answer)

    async def check_access_in_turn(self, room: Room) -> None:
        """The same, beside no more than a few other rooms of the client. Raises `UpstreamRefused`."""
        async with self._checks:
            await self.check_access(room)

    def forget_access(self, room: Room) -> None:
        self._sights.pop(room.id, None)

    @property
    def needs_heartbeat(self) -> bool:
        """Whether there are positions that no heartbeat has named."""
        return bool(self._delivered)

    async def send_heartbeat(self, now: float) -> None:
        """Pass on what the client has, which is how delivery is measured: twice a minute, if there is
        something to pass on."""
        if not self.needs_heartbeat or now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = now
        await self._heartbeat("ONLINE")

    def is_seen(self, now: float) -> bool:
        """Whether the person counts as there by this connection."""
        return now - self._heartbeat_at <= SEEN_SECONDS

    async def send_goodbye(self) -> None:
        """The connection has ended, and its device with it. Not repeated: it expires by itself."""
        await self._heartbeat("OFFLINE")

    async def _heartbeat(self, status: str) -> None:
        sent = dict(islice(self._delivered.items(), HEARTBEAT_ROOMS))
        self._delivered = {room: seq for room, seq in self._delivered.items() if room not in sent}
        positions = [{"roomId": room, "seq": seq} for room, seq in sent.items()]
        variables = {"rooms": positions, "device": self.device_id, "status": status}
        try:
            await self._appsync.ask(documents.HEARTBEAT, variables, self._token)
        except UpstreamRefused as refused:
            self._metrics.refused(refused.refusal.code)
            self._delivered = sent | self._delivered

    async def _send(self, send: client_frames.Send) -> None:
        variables = {
            "room": send.room.id,
            "text": send.text,
            "clientMessageId": send.client_message_id,
            "attachments": send.attachments,
        }
        try:
            message = await self._appsync.ask(documents.SEND, variables, self._token)
        except UpstreamRefused as refused:
            self._metrics.refused(refused.refusal.code)
            self.reply(server_frames.refused(refused.refusal, ref=send.ref, room=send.room.id))
            return
        self.reply(server_frames.encode("ack", ref=send.ref, room=send.room.id, message=message))

    async def _request(self, document: Document, variables: dict[str, Any]) -> Any:
        """The answer, or `None` after the client was sent the refusal."""
        try:
            return await self._appsync.ask(document, variables, self._token)
        except UpstreamRefused as refused:
            self._metrics.refused(refused.refusal.code)
            self.reply(server_frames.refused(refused.refusal, room=variables["room"]))
            return None
