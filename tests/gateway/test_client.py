"""One client: nobody hears a room on the strength of a judgement that is older than the last parting."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.rules.rooms import Room
from gateway import documents, frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.audience import Audience
from gateway.client import BEAT_ROOMS, BEAT_SECONDS, Client
from gateway.connection import CloseCode, Connection, Limits
from gateway.frames import Refusal
from gateway.history import Missed
from gateway.metrics import Metrics
from gateway.tail import Position
from gateway.timeline import Timeline

LOBBY = Room.parse("lobby")
GONE = UpstreamRefused(Refusal("NotRoomMember", "No.", {}))
AWAY = UpstreamRefused(UNAVAILABLE)
START = Position(0, None, 1)


def there(epoch: int) -> dict[str, Any]:
    return {"me": {"userId": "bob"}, "head": {"epoch": epoch}}


class Chat:
    """Answers what it is given, in turn; a refusal is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def ask(self, document: str, variables: Mapping[str, Any], _token: str) -> Any:
        self.asked.append((document, variables))
        answer = self.answers.pop(0)
        if isinstance(answer, UpstreamRefused):
            raise answer
        return answer


class Here:
    """A room as it is known here. While a client waits for what it missed, `meanwhile` happens."""

    def __init__(self, meanwhile: Sequence[Mapping[str, Any]] = ()) -> None:
        self.audience = Audience(0.0)
        self.timeline = Timeline(
            lambda kind, message, _at: frames.server_frame(frames.encode(kind, id=message["id"]))
        )
        self.timeline.start({"seq": 0, "ts": None, "rev": 1, "epoch": 1})
        self.history, self.at = self, "0//1"
        self._meanwhile = meanwhile

    @property
    def epoch(self) -> int:
        return self.timeline.epoch or 0

    async def ready(self) -> None:
        pass

    async def missed(self, since: Position | int) -> Missed:
        for event in self._meanwhile:
            self.timeline.heard(event, 0.0)
        assert isinstance(since, Position)
        return Missed((), since)

    def replay(self, _missed: Missed) -> list[bytes]:
        return [kept.frame for kept in self.timeline.since(START) or []]

    def enter(self, _room: Room, _client: Client) -> "Here":
        return self

    def add(self, client: Client, _extras: object) -> None:
        self.audience.add(client)

    def leave(self, _room: Room, client: Client) -> None:
        self.audience.remove(client)


class Bob:
    """A client, what it was written, and how it was closed."""

    def __init__(self, chat: Chat, here: Here, room: Room | None = None) -> None:
        self.written: list[dict[str, Any]] = []
        self.closed: list[tuple[CloseCode, str]] = []
        self.connection = Connection(room, None, Limits(), now=0.0)
        self.connection.credentials("t")
        self.connection.authenticated(frames.encode("hello"), expires=60.0)
        parts: Any = (chat, here, Metrics(), self, self._close)  # as much of each as a client needs
        self.client = Client(self.connection, *parts)
        self.client.verified("bob", "t")

    def _close(self, code: CloseCode, reason: str) -> None:
        self.closed.append((code, reason))

    def write(self, frame: bytes) -> None:
        self.written.append(json.loads(frame[2:] if frame[1] < 126 else frame[4:]))

    async def pour(self, frames: Iterable[bytes]) -> bool:
        for frame in frames:
            self.write(frame)
        await asyncio.sleep(0)
        return True

    async def says(self, now: float = 1.0, **frame: Any) -> None:
        await self.client.carry_out(self.connection.receive_text(json.dumps(frame), now))

    async def joined(self) -> list[str]:
        """The types of what was written, once nothing is underway."""
        joining = self.client._joining.values()  # noqa: SLF001  nothing else tells
        await asyncio.gather(*joining, return_exceptions=True)
        return [frame["type"] for frame in self.written]


def message(seq: int) -> dict[str, Any]:
    return {"id": f"m{seq}", "seq": seq, "ts": f"t{seq}", "rev": None, "epoch": 1, "notice": None}


def parting(epoch: int) -> dict[str, Any]:
    return {
        "id": f"n{epoch}",
        "seq": None,
        "notice": {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": epoch},
    }


async def test_whoever_is_removed_while_they_join_does_not_hear_the_room() -> None:
    here = Here([parting(2)])
    bob = Bob(Chat(there(1), GONE), here)
    await bob.says(type="subscribe", room="lobby", since="0//1")
    assert await bob.joined() == ["refused"]
    assert len(here.audience) == 0


async def test_whoever_is_still_there_after_a_parting_is_judged_again_and_misses_nothing() -> None:
    here = Here([message(1), parting(2), message(2)])
    bob = Bob(Chat(there(1), there(2)), here)
    await bob.says(type="subscribe", room="lobby", since="0//1")
    assert await bob.joined() == ["message", "notice", "message", "subscribed"]
    assert len(here.audience) == 1


async def test_a_visitor_of_a_public_room_does_not_hear_it() -> None:
    here = Here()
    bob = Bob(Chat({"me": None, "head": None}), here, LOBBY)
    await bob.client.carry_out([frames.Subscribe(LOBBY, None)])
    assert await bob.joined() == ["refused"]
    assert bob.closed == [(CloseCode.NOT_ALLOWED, "NotRoomMember")]


async def test_whoever_is_not_in_the_room_makes_nobody_subscribe_to_it() -> None:
    class Untouched(Here):
        def enter(self, _room: Room, _client: Client) -> Here:
            raise AssertionError("the room was entered")

    bob = Bob(Chat(GONE), Untouched())
    await bob.says(type="subscribe", room="lobby")
    assert await bob.joined() == ["refused"]


async def test_whoever_cannot_be_looked_up_hears_no_more() -> None:
    here = Here()
    bob = Bob(Chat(there(1), AWAY, AWAY, AWAY, AWAY, AWAY), here)
    await bob.says(type="subscribe", room="lobby")
    await bob.joined()
    await bob.client.judge_again(LOBBY)
    assert (bob.written[-1]["type"], bob.written[-1]["errorType"]) == ("refused", "ServiceUnavailable")
    assert len(here.audience) == 0


async def test_whoever_is_looked_up_in_the_end_hears_on() -> None:
    here = Here()
    bob = Bob(Chat(there(1), AWAY, there(2)), here)
    await bob.says(type="subscribe", room="lobby")
    await bob.joined()
    await bob.client.judge_again(LOBBY)
    assert len(here.audience) == 1
    assert bob.client.judged_in(LOBBY) == 2


async def test_what_was_delivered_is_passed_on_twice_a_minute_and_not_forgotten_when_that_fails() -> None:
    rooms = [f"r{number}" for number in range(BEAT_ROOMS + 5)]
    chat = Chat(*(there(1) for _ in rooms), AWAY, {}, {})
    bob = Bob(chat, Here())
    for at, room in enumerate(rooms):
        await bob.says(now=float(at), type="subscribe", room=room)
        await bob.says(now=float(at), type="delivered", room=room, seq=3)
    await bob.joined()
    asked = len(chat.asked)
    for beat in range(3):
        await bob.client.beat(now=(beat + 1) * BEAT_SECONDS)
        await bob.client.beat(now=(beat + 1) * BEAT_SECONDS + 1)
    assert not bob.client.has_news
    told = [
        variables["rooms"] for document, variables in chat.asked[asked:] if document == documents.HEARTBEAT
    ]
    assert [len(each) for each in told] == [BEAT_ROOMS, BEAT_ROOMS, 5]
    assert {each["roomId"] for rooms in told[1:] for each in rooms} == set(rooms)
