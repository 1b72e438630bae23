"""A client and a hub of the gateway, before a chat that answers in turn and a room to which happens what
the test says."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

from chat.rules.rooms import Room
from gateway import server_frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.broadcaster import Broadcaster
from gateway.client import Client
from gateway.connection import CloseCode, Connection, Limits
from gateway.documents import Document
from gateway.feed import EpochEnded, Revoked
from gateway.history import Missed, Replayed
from gateway.hub import Hub
from gateway.metrics import Metrics
from gateway.position import RoomPosition
from gateway.realtime import OnEvent
from gateway.server_frames import Refusal
from gateway.timeline import Timeline

LOBBY = Room.parse("lobby")
NOT_MEMBER = UpstreamRefused(Refusal("NotRoomMember", "No.", {}))
UNREACHABLE = UpstreamRefused(UNAVAILABLE)
START = RoomPosition(0, None, 1)


def member(epoch: int, **room: Any) -> dict[str, Any]:
    """What the chat answers a member of a room in this epoch; `joinedSeq` is theirs, what else there is the room's."""
    joined_seq = room.pop("joinedSeq", 0)
    return {"me": {"userId": "bob", "joinedSeq": joined_seq}, "head": {"epoch": epoch}, **room}


class FakeChat:
    """Answers what it is given, in turn; a refusal is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Document, Mapping[str, Any]]] = []
        self.traces: list[str | None] = []

    async def ask(
        self,
        document: Document,
        variables: Mapping[str, Any],
        _authorization: object,
        traceparent: str | None = None,
    ) -> Any:
        self.asked.append((document, variables))
        self.traces.append(traceparent)
        answer = self.answers.pop(0)
        if isinstance(answer, UpstreamRefused):
            raise answer
        return answer


class FakeFeed:
    """A room as it is known here. While a client waits for what it missed, `meanwhile` happens."""

    def __init__(self, meanwhile: Sequence[Mapping[str, Any]] = ()) -> None:
        self.room = LOBBY
        self.subscribers = Broadcaster(0.0)
        self.timeline = Timeline(
            lambda kind, message, _position: server_frames.framed(
                server_frames.encode(kind, id=message["id"])
            )
        )
        self.timeline.start({"seq": 0, "ts": None, "rev": 1, "epoch": 1})
        self.history, self.position = self, "0//1"
        self.on_event: OnEvent | None = None
        self.refusal: UpstreamRefused | None = None
        """Why the service does not receive the room."""
        self.lacks_role = False
        self._meanwhile = meanwhile
        self._ended: asyncio.Queue[EpochEnded | Exception] = asyncio.Queue()

    @property
    def epoch(self) -> int:
        return self.timeline.epoch or 0

    async def ready(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def report_missing_role(self) -> None:
        self.lacks_role = True

    async def missed(self, since: RoomPosition | int) -> Missed:
        for event in self._meanwhile:
            self.timeline.receive(event, 0.0)
        assert isinstance(since, RoomPosition)
        return Missed((), since)

    def replay(self, _missed: Missed) -> Sequence[Replayed]:
        return self.timeline.since(START) or []

    def add(self, subscriber: Any, _kinds: object, hidden: int = 0) -> None:
        self.subscribers.add(subscriber, hidden)

    def remove(self, subscriber: Any) -> None:
        self.subscribers.remove(subscriber)

    async def run(self, on_event: OnEvent) -> AsyncGenerator[EpochEnded, None]:
        self.on_event = on_event
        while True:
            ended = await self._ended.get()
            if isinstance(ended, Exception):
                raise ended
            yield ended
            self._ended.task_done()

    def receive(self, message: Mapping[str, Any]) -> list[Revoked]:
        return [Revoked(message["notice"]["userId"], message["notice"]["nextEpoch"])]

    def close(self) -> None:
        pass

    async def end_epoch(self, epoch: int) -> None:
        """Until everybody was looked up."""
        self._ended.put_nowait(EpochEnded(epoch))
        await self._ended.join()

    def fail(self) -> None:
        self._ended.put_nowait(ValueError("a fault"))


class Bob:
    """A client, what it was written, and how it was closed."""

    def __init__(self, chat: FakeChat, feed: FakeFeed, path_room: Room | None = None) -> None:
        self.feed = feed
        self.feeds: list[Room] = []
        self.written: list[dict[str, Any]] = []
        self.closed: list[tuple[CloseCode, str]] = []
        self.connection = Connection(path_room, None, Limits(), now=0.0)
        self.connection.credentials("t")
        self.connection.authenticated(server_frames.encode("hello"), expires=60.0)
        transport: Any = self
        appsync: Any = chat  # as much of each as is needed here
        self.hub = Hub(self._new_feed, Metrics())
        self.client = Client(self.connection, appsync, Metrics(), transport, self._close)
        self.client.authenticated("bob", "t")

    def _new_feed(self, room: Room) -> Any:
        self.feeds.append(room)
        return self.feed

    def _close(self, code: CloseCode, reason: str) -> None:
        self.hub.leave_all(self.client)
        self.closed.append((code, reason))

    def write(self, frame: bytes) -> None:
        self.written.append(json.loads(server_frames.payload(frame)))

    async def write_paced(self, frames: Iterable[bytes]) -> bool:
        for frame in frames:
            self.write(frame)
        await asyncio.sleep(0)
        return True

    async def sends(self, now: float = 1.0, **frame: Any) -> None:
        await self.hub.carry_out(self.client, self.connection.receive_text(json.dumps(frame), now))

    async def joined(self) -> list[str]:
        """The types of what was written, once nothing is underway."""
        joining = self.hub._joining.values()  # noqa: SLF001  nothing else says so
        await asyncio.gather(*joining, return_exceptions=True)
        return self.types

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.written]
