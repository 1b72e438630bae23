"""One client: what it asks the chat for, with its own token, and what it is answered. Rooms come to it by
the hub."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

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
from gateway.server_frames import Refusal
from gateway.verbs import Ask

SEEN_SECONDS = OFFLINE_AFTER_MS / 1_000

HEARTBEAT_ROOMS = 50
"""How many rooms one heartbeat may name."""

SOON_SECONDS = 5.0
"""What a client says of its person is passed on no sooner after what it said before: the chat takes one in five seconds."""

UNSUPPORTED = Refusal("NotAllowed", "This deployment does not do that.", {"reason": "unsupported"})

Status = Literal["ONLINE", "AWAY", "OFFLINE"]

CHECKS_AT_ONCE = 10
"""How many of a client's rooms are asked for at once: a hundred together would make everybody else wait."""


NO_SIGHT = Sight()


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be said of a client: as what its person is there, with which room open, and by room up to where it has
    everything."""

    client: "Client"
    status: Status
    watching: str | None
    rooms: Mapping[str, int]

    def to_wire(self) -> dict[str, Any]:
        """The schema's `PersonHeartbeat`."""
        return {"userId": self.client.user_id, **self.of_client()}

    def of_client(self) -> dict[str, Any]:
        """The same without the person: what `heartbeat` takes."""
        rooms = [{"roomId": room, "seq": seq} for room, seq in self.rooms.items()]
        said = {"deviceId": self.client.device_id, "status": self.status, "rooms": rooms}
        return said | ({"watching": self.watching} if self.watching else {})


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
        self._status: Status | None = None
        self._watching: Room | None = None
        self._heard_at = float("-inf")
        self.due_at = float("-inf")
        """When it is to be said next what the client has."""

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
            case Ask():
                await self._ask(action)
            case client_frames.Here(status=status, watching=watching):
                self.is_there(status, watching)
            case client_frames.Mark(type="delivered", room=room, seq=seq):
                self.delivered(room.id, seq)
            case client_frames.Mark(room=room, seq=seq, traceparent=trace):
                await self._request(documents.READ, room, trace, seq=seq)
            case client_frames.Typing(room=room, traceparent=trace):
                await self._request(documents.TYPING, room, trace)
            case client_frames.Presence(room=room, traceparent=trace):
                if answer := await self._request(documents.PRESENCE, room, trace):
                    self.reply(server_frames.encode("presence", room=room.id, presence=answer))

    def access_epoch(self, room: Room) -> int:
        """The epoch in which the chat last said that the person is a member of the room; 0 before it did."""
        return self.sight(room).epoch

    def sight(self, room: Room) -> Sight:
        """Which part of the room the person may see, as the chat said then."""
        return self._sights.get(room.id, NO_SIGHT)

    async def check_access(self, room: Room, traceparent: str | None = None) -> None:
        """The chat's own decision whether the person may receive the room. Raises `UpstreamRefused`."""
        answer = await self._appsync.ask(documents.ROOM, {"room": room.id}, self._token, traceparent)
        if answer["me"] is None:  # a visitor of a public room may look at it, not receive it
            raise UpstreamRefused(server_frames.Refusal("NotRoomMember", "You are not in this room.", {}))
        self._sights[room.id] = Sight.of(answer)

    async def check_access_in_turn(self, room: Room, traceparent: str | None = None) -> None:
        """The same, beside no more than a few other rooms of the client. Raises `UpstreamRefused`."""
        async with self._checks:
            await self.check_access(room, traceparent)

    def forget_access(self, room: Room) -> None:
        self._sights.pop(room.id, None)

    @property
    def needs_heartbeat(self) -> bool:
        """Whether there is something to say of the client: positions that no heartbeat has named, or that its person is
        there, since the client has said so."""
        return bool(self._delivered) or self._status is not None

    def delivered(self, room_id: str, seq: int) -> None:
        """The client has everything of a room up to `seq`."""
        self._delivered[room_id] = max(seq, self._delivered.get(room_id, 0))

    def is_there(self, status: Status, watching: Room | None) -> None:
        """The client says that its person is there: that is said again for as long as it lasts. A change is said soon."""
        if (status, watching) != (self._status, self._watching):
            self.due_at = min(self.due_at, self._heard_at + SOON_SECONDS)
        self._status, self._watching = status, watching

    def report(self, status: Status | None = None) -> Report:
        """What is to be said now. The positions in it are not said again, unless they are taken back."""
        sent = dict(islice(self._delivered.items(), HEARTBEAT_ROOMS))
        self._delivered = {room: seq for room, seq in self._delivered.items() if room not in sent}
        watching = self._watching.id if self._watching and status != "OFFLINE" else None
        return Report(self, status or self._status or "ONLINE", watching, sent)

    def heard(self, now: float, due_at: float) -> None:
        """It is being said; it is due again at `due_at`."""
        self._heard_at, self.due_at = now, due_at

    def take_back(self, report: Report, due_at: float) -> None:
        """It was not taken, and is to be said again."""
        self._delivered = dict(report.rooms) | self._delivered
        self.due_at = min(self.due_at, due_at)

    async def say(self, report: Report) -> None:
        """Say it with the client's own token. Raises `UpstreamRefused`."""
        await self._appsync.ask(documents.HEARTBEAT, report.of_client(), self._token)

    def is_seen(self, now: float) -> bool:
        """Whether the person counts as there by this connection."""
        return now - self._heard_at <= SEEN_SECONDS

    async def _ask(self, ask: Ask) -> None:
        """Ask one field, and answer by `ack` or `refused`."""
        verb = ask.verb
        try:
            answer = await self._appsync.ask(verb.document, ask.variables, self._token, ask.traceparent)
        except UpstreamRefused as refused:
            refusal = _shown(refused.refusal)
            self._metrics.refused(refusal.code)
            self.reply(server_frames.refused(refusal, **ask.about))
            return
        self.reply(server_frames.encode("ack", **ask.about, **{verb.answer: answer}))

    async def _request(
        self, document: Document, room: Room, traceparent: str | None, **variables: Any
    ) -> Any:
        """The answer, or `None` after the client was sent the refusal."""
        asked = {"room": room.id, **variables}
        try:
            return await self._appsync.ask(document, asked, self._token, traceparent)
        except UpstreamRefused as refused:
            self._metrics.refused(refused.refusal.code)
            self.reply(server_frames.refused(refused.refusal, room=room.id))
            return None


def _shown(refusal: Refusal) -> Refusal:
    """The refusal as the client is told: what the API does not have is refused by a name, too."""
    return UNSUPPORTED if refusal.is_of_schema else refusal
