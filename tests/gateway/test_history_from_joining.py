"""In a room that shows its history from joining on nobody is sent what was there before them, by whatever way it comes."""

import json
from typing import Any

from gateway import documents, server_frames
from gateway.broadcaster import Broadcaster
from simulator.schema import appsync_schema
from simulator.settings import SCHEMA
from tests.gateway.fakes import LOBBY, Bob, FakeChat, FakeFeed
from tests.gateway.room_messages import new_message, revocation

API = appsync_schema(SCHEMA.read_text(encoding="utf-8"))


def joined_at(seq: int, history_from: str | None = "JOINING", epoch: int = 1) -> dict[str, Any]:
    """What the chat answers somebody who joined after message `seq`."""
    me = {"userId": "bob", "joinedSeq": seq}
    return {"me": me, "head": {"epoch": epoch}, "historyFrom": history_from}


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.written.append(frame)


async def test_each_is_written_what_they_may_see_also_where_several_come_within_a_tick() -> None:
    rooms = Broadcaster(tick_s=0.001)
    early, late = Transport(), Transport()
    rooms.add(early)  # type: ignore[arg-type]
    rooms.add(late, hidden=4)  # type: ignore[arg-type]
    for seq in (3, 4, 5, 0, 6):
        rooms.publish(f"<{seq}>".encode(), seq)
    rooms.flush()
    assert b"".join(early.written) == b"<3><4><5><0><6>"
    assert b"".join(late.written) == b"<5><0><6>"
    rooms.hide(late, 0)  # type: ignore[arg-type]
    rooms.publish(b"<1>", 1)
    rooms.flush()
    assert late.written[-1] == b"<1>"
    rooms.remove(late)  # type: ignore[arg-type]
    rooms.hide(late, 8)  # type: ignore[arg-type]
    rooms.publish(b"<2>", 2)
    rooms.flush()
    assert late.written[-1] == b"<1>"


def feed() -> FakeFeed:
    made = FakeFeed([new_message(seq) for seq in range(1, 5)])
    made.timeline = type(made.timeline)(
        lambda kind, message, _position: server_frames.framed(
            server_frames.encode(kind, id=message["id"], seq=message.get("seq"))
        )
    )
    made.timeline.start({"seq": 0, "ts": None, "rev": 1, "epoch": 1})
    return made


async def written(history_from: str | None) -> list[tuple[str, str]]:
    bob = Bob(FakeChat(joined_at(2, history_from)), feed())
    await bob.sends(type="subscribe", room="lobby", since="3/2026-01-01T00:00:00.000Z/1")
    await bob.joined()
    bob.feed.subscribers.publish(server_frames.framed(server_frames.encode("change", id="m2", seq=2)), 2)
    await bob.hub.close()
    return [(frame["type"], frame["id"]) for frame in bob.written if "id" in frame]


async def test_what_is_replayed_begins_where_they_joined() -> None:
    assert await written("JOINING") == [("message", "m3"), ("message", "m4")]


async def test_in_any_other_room_everything_is() -> None:
    for history_from in ("BEGINNING", None):
        everything = await written(history_from)
        assert ("message", "m1") in everything
        assert everything[-1] == ("change", "m2")


async def test_whoever_comes_again_with_what_they_had_before_begins_afresh() -> None:
    for since in (1, "1/2026-01-01T00:00:00.000Z/1"):
        bob = Bob(FakeChat(joined_at(7)), feed())
        await bob.sends(type="subscribe", room="lobby", since=since)
        assert await bob.joined() == ["reset", "subscribed"]
        await bob.hub.close()


async def test_who_is_looked_up_is_limited_to_what_they_may_see_from_then_on() -> None:
    bob = Bob(FakeChat(joined_at(0, "BEGINNING"), joined_at(5, "JOINING", epoch=2)), feed())
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.feed.end_epoch(2)
    for seq in (5, 6):
        bob.feed.subscribers.publish(
            server_frames.framed(json.dumps({"type": "message", "id": f"m{seq}"})), seq
        )
    assert [frame["id"] for frame in bob.written if frame["type"] == "message"] == ["m6"]
    assert bob.client.sight(LOBBY).hidden == 5
    await bob.hub.close()


def test_the_room_is_asked_for_its_rule_where_the_schema_has_one() -> None:
    assert API.query_type is not None
    fields = API.type_map["Room"].fields  # type: ignore[attr-defined]
    assert ("historyFrom" in fields) == ("historyFrom" in str(documents.ROOM))
    assert revocation(2)["notice"]["nextEpoch"] == 2
