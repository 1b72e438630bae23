"""One client's connection, without I/O: text frames go in, actions come out. Instants are monotonic seconds.

    connected ──auth──▶ authenticating ──authenticated──▶ open ──close──▶ closed
        └──────────────── header or subprotocol ─────────▲

Its session carries out the actions in their order and reports what became of them.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from chat.rules.errors import InvalidInput, RateLimited
from chat.rules.rate import Rate
from chat.rules.rooms import Room
from gateway import client_frames, server_frames
from gateway.position import RoomPosition
from gateway.verbs import Ask

MAX_TOKEN_CHARACTERS = 8_192

ROOMS_PER_CHARGE = 5
"""A `resume` counts as a frame more for each so many rooms."""


class CloseCode(IntEnum):
    """Why a connection was closed (RFC 6455, section 7.4.2: 4000–4999 are for applications)."""

    GOING_AWAY = 1001
    BAD_FRAME = 4400
    TOKEN_REFUSED = 4401
    NOT_ALLOWED = 4403
    SLOW = 4408
    TOO_MANY = 4429
    UNAVAILABLE = 4503


_CLOSING = {
    "NotRoomMember": CloseCode.NOT_ALLOWED,
    "NotAllowed": CloseCode.NOT_ALLOWED,
    "InvalidInput": CloseCode.NOT_ALLOWED,
    "UnauthorizedException": CloseCode.TOKEN_REFUSED,
}
"""What a refusal of the address's room means for the connection. Any other is a fault that may pass."""


@dataclass(frozen=True, slots=True)
class Verify:
    """Verify this token, then report `authenticated` or `token_refused`. `device_id`: which device brought
    it, if it said so."""

    token: str
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close with this code and reason, after what was replied before."""

    code: CloseCode
    reason: str


Action = (
    Verify
    | Reply
    | Close
    | client_frames.Subscribe
    | client_frames.Unsubscribe
    | client_frames.Mark
    | client_frames.Typing
    | client_frames.Presence
    | client_frames.Here
    | Ask
)
State = Literal["connected", "authenticating", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may ask. `rate`: frames; `rooms`: how many it may receive at once."""

    rate: Rate = field(default_factory=lambda: Rate(20.0, 100))
    rooms: int = 100
    handshake_seconds: float = 5.0
    """How long a connection may take to bring a token, beginning when it was made."""
    excess_frames: int = 50
    """How many frames beyond the rate are refused before the connection is closed. They are forgiven at half
    the rate: short bursts may come as often as they like, a flood may not."""

    @property
    def patience(self) -> Rate:
        """The rate at which frames may be refused."""
        return Rate(self.rate.per_second / 2, self.excess_frames)


class Connection:
    """The protocol's state. `path_room` is the room of the address, subscribed to as soon as the client is
    known; `now`: when the connection was made."""

    def __init__(
        self, path_room: Room | None, since: RoomPosition | int | None, limits: Limits, now: float
    ) -> None:
        self.state: State = "connected"
        self.rooms: dict[str, Room] = {}
        self._path_room, self._since = path_room, since
        self._limits = limits
        self._no_token = f"no token within {limits.handshake_seconds:g} seconds"
        self._deadline: float | None = now + limits.handshake_seconds
        self._expires: float | None = None
        self._tat = 0
        self._excess_tat = 0

    @property
    def deadline(self) -> float | None:
        """When to call `tick`: at the end of the time to authenticate, then of the token."""
        return self._deadline if self.state in ("connected", "authenticating") else self._expires

    def tick(self, now: float) -> list[Action]:
        deadline = self.deadline
        if deadline is None or now < deadline or self.state == "closed":
            return []
        if self.state == "authenticating":
            return self.keys_unavailable()
        reason = "the token has expired" if self.state == "open" else self._no_token
        return [self._close(CloseCode.TOKEN_REFUSED, reason)]

    def credentials(self, token: str, device_id: str | None = None) -> list[Action]:
        """A token from the handshake or the first frame."""
        self.state = "authenticating"
        return [Verify(token, device_id)]

    def authenticated(self, hello: str, expires: float) -> list[Action]:
        """The token is good until `expires`; `hello` is the first frame."""
        if self.state != "authenticating":
            return []
        self.state, self._expires = "open", expires
        room = self._path_room
        first = self._subscribe(client_frames.Subscribe(room=room, since=self._since)) if room else []
        return [Reply(hello), *first]

    def renewed(self, user_id: str, expires: float, expires_in_ms: int) -> list[Action]:
        """The person, who is known, has a token that is good until `expires`."""
        if self.state != "open":
            return []
        self._expires = expires
        return [Reply(server_frames.encode("authenticated", user=user_id, expiresInMs=expires_in_ms))]

    def token_refused(self) -> list[Action]:
        return [self._close(CloseCode.TOKEN_REFUSED, "the token was refused")]

    def keys_unavailable(self) -> list[Action]:
        """The token can be neither accepted nor refused just now. One that was accepted before is good until
        it ends."""
        if self.state == "open":
            refusal = server_frames.Refusal(
                "ServiceUnavailable", "The token cannot be verified just now.", {}
            )
            return [Reply(server_frames.refused(refusal))]
        return [self._close(CloseCode.UNAVAILABLE, "the token cannot be verified just now")]

    def full(self) -> list[Action]:
        """Others were faster: the process takes nobody else."""
        return [self._close(CloseCode.UNAVAILABLE, "full")]

    def too_many_connections(self) -> list[Action]:
        return [self._close(CloseCode.TOO_MANY, "too many connections")]

    def receive_binary(self) -> list[Action]:
        return [self._close(CloseCode.BAD_FRAME, "binary frames are not used")]

    def receive_text(self, text: str, now: float) -> list[Action]:
        if self.state == "closed":
            return []
        if wait := self._charged(now):
            return wait
        try:
            frame = client_frames.parse(text)
        except client_frames.BadFrame as bad:
            return [self._close(CloseCode.BAD_FRAME, str(bad))]
        except client_frames.RefusedFrame as bad:
            return [Reply(server_frames.refused(server_frames.Refusal.of(bad.refusal), **bad.about))]
        if not isinstance(frame, client_frames.Resume):
            return self._act(frame)
        for _ in range(len(frame.rooms) // ROOMS_PER_CHARGE):
            self._tat = self._limits.rate.taken(self._tat, int(now * 1_000_000))
        frames = [
            client_frames.Subscribe(room=room, since=since, traceparent=frame.traceparent)
            for room, since in frame.rooms.items()
        ]
        return [action for each in frames for action in self._act(each)]

    def subscription_refused(self, room: Room, refusal: server_frames.Refusal) -> list[Action]:
        """The chat does not let the client receive this room. The address's own room takes the connection
        with it."""
        self.rooms.pop(room.id, None)
        return [Reply(server_frames.refused(refusal, room=room.id)), *self._without(room, refusal.code)]

    def removed(self, room: Room) -> list[Action]:
        """The client's person is not in this room any more."""
        if self.rooms.pop(room.id, None) is None or self.state == "closed":
            return []
        return [Reply(server_frames.encode("removed", room=room.id)), *self._without(room, "NotRoomMember")]

    def fell_behind(self) -> list[Action]:
        return [self._close(CloseCode.SLOW, "too slow: resume")]

    def _without(self, room: Room, code: str) -> list[Action]:
        if room != self._path_room:
            return []
        return [self._close(_CLOSING.get(code, CloseCode.UNAVAILABLE), code[:100])]

    def _act(self, frame: client_frames.ClientFrame) -> list[Action]:
        if isinstance(frame, client_frames.Authenticate):
            if self.state == "authenticating":
                return [self._close(CloseCode.BAD_FRAME, "the token before it is still being verified")]
            if len(frame.token) > MAX_TOKEN_CHARACTERS:
                return self.token_refused()
            verify = Verify(frame.token, frame.device_id)
            return [verify] if self.state == "open" else self.credentials(frame.token, frame.device_id)
        if self.state != "open":
            return [self._close(CloseCode.TOKEN_REFUSED, "auth comes first")]
        match frame:
            case client_frames.Ping(ref=ref):
                return [Reply(server_frames.encode("pong", **({"ref": ref} if ref else {})))]
            case client_frames.Subscribe():
                return self._subscribe(frame)
            case client_frames.Unsubscribe(room=room):
                return [frame] if self.rooms.pop(room.id, None) else []
            case client_frames.Mark(type="delivered", room=room):  # nothing else can have been delivered
                return [frame] if room.id in self.rooms else []
            case client_frames.Resume():
                return []  # taken apart before
            case _:
                return [frame]

    def _subscribe(self, frame: client_frames.Subscribe) -> list[Action]:
        if frame.room.id not in self.rooms and len(self.rooms) >= self._limits.rooms:
            refusal = InvalidInput("presence.rooms", argument="room", max=self._limits.rooms)
            return [Reply(server_frames.refused(server_frames.Refusal.of(refusal), room=frame.room.id))]
        self.rooms[frame.room.id] = frame.room
        return [frame]

    def _charged(self, now: float) -> list[Action]:
        """Nothing, if the frame is within the rate. Else it is not looked at."""
        now_us, rate = int(now * 1_000_000), self._limits.rate
        wait = rate.wait(self._tat, now_us)
        if not wait:
            self._tat = rate.taken(self._tat, now_us)
            return []
        patience = self._limits.patience
        if patience.wait(self._excess_tat, now_us):
            return [self._close(CloseCode.TOO_MANY, "too many frames")]
        self._excess_tat = patience.taken(self._excess_tat, now_us)
        return [
            Reply(server_frames.refused(server_frames.Refusal.of(RateLimited(-(-wait // 1_000), "person"))))
        ]

    def _close(self, code: CloseCode, reason: str) -> Close:
        self.state = "closed"
        return Close(code, reason)
