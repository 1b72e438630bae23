"""`make run PUBLISH=stream`: people are told what happens to them within a moment, and nothing that is not theirs."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chat.storage.clock import wall_clock
from simulator.settings import read
from tests.conftest import Eventually
from tests.end_to_end.served import Listener, Served
from tests.end_to_end.test_publishing import Program, program, running_program
from tests.guarantees.support.fixtures import FAST, Clock, new_room, process, send

__all__ = ["program"]
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.real_engine("moto has no stream that another program could read"),
]
HEAR = """subscription ($me: ID!, $epoch: Int) { onMine(userId: $me, epoch: $epoch) {
  userId epoch id kind roomId messageId seq rev actorId role mutedUntil ts quietUntil } }"""
DO = {
    "add": "addMember(roomId: $room, userId: $who) { id roomId senderId ts epoch notice { kind userId nextEpoch } }",
    "remove": "removeMember(roomId: $room, userId: $who) { id roomId senderId ts epoch notice { kind userId nextEpoch } }",
}
SEND = "mutation ($room: ID!, $text: String!) { sendMessage(roomId: $room, text: $text) { id } }"


@pytest.fixture(autouse=True)
def alone(publishing: str) -> None:
    """With `--publish=stream` another program follows the streams of the same tables, and may be the one to tell people."""
    if publishing == "stream":
        pytest.skip("publishes by the stream in either case")


@asynccontextmanager
async def api_of(program: Program) -> AsyncIterator[Served]:
    settings = read(["run", f"--state={program.state}", "--publish=stream"], {})
    async with aiohttp.ClientSession() as http:
        yield Served(settings, program.host, http)


async def done(api: Served, what: str, room: str, who: str, by: str = "alice") -> None:
    query = f"mutation ($room: ID!, $who: ID!) {{ {DO[what]} }}"
    answer = await api.ask(api.token(by), query, room=room, who=who)
    assert "errors" not in answer, answer


async def said(api: Served, room: str, text: str, by: str = "alice") -> None:
    answer = await api.ask(api.token(by), SEND, room=room, text=text)
    assert "errors" not in answer, answer


def of_room(listener: Listener, room: str) -> list[str]:
    return [each["kind"] for _, each in listener.heard if each["roomId"] == room]


async def until(listener: Listener, count: int, kind: str, room: str | None) -> dict[str, Any]:
    """The newest event of a kind, once there are so many."""

    def found() -> Any:
        own = [each for _, each in listener.heard if (each["kind"], each["roomId"]) == (kind, room)]
        return own[-1] if len(own) >= count else None

    event: dict[str, Any] = await listener.until(found)
    return event


async def test_being_added_is_heard_and_after_removal_nothing(program: Program, client: Any) -> None:
    bob, delays = f"bob-{uuid.uuid4().hex[:8]}", []
    room = new_room(client, members={"alice": "owner"}, settings=FAST)
    async with api_of(program) as api, api.listening(api.token(bob)) as listener:
        assert (await listener.start("mine", HEAR, me=bob, epoch=1))["type"] == "start_ack"
        for number in range(1, 6):
            began = time.monotonic()
            await done(api, "add", room, bob)
            added = await until(listener, number, "ADDED", room)
            delays.append(time.monotonic() - began)
            assert (added["userId"], added["epoch"], added["actorId"], added["role"]) == (
                bob,
                1,
                "alice",
                "MEMBER",
            )
            await done(api, "remove", room, bob)
            await until(listener, number, "REMOVED", room)
            await said(api, room, "he is gone")
        print(f"from being added until it is heard: {sorted(round(each * 1_000) for each in delays)} ms")
        assert of_room(listener, room) == ["ADDED", "REMOVED"] * 5
        assert [each for _, each in listener.heard if each["kind"] == "MOVED"] == []


async def test_something_has_moved_once_and_the_sender_hears_nothing_of_it(
    program: Program, client: Any
) -> None:
    ann = f"ann-{uuid.uuid4().hex[:8]}"  # others send to alice
    bob = f"bob-{uuid.uuid4().hex[:8]}"
    room = new_room(client, members={ann: "owner", bob: "member"}, settings=FAST)
    async with (
        api_of(program) as api,
        api.listening(api.token(bob)) as listener,
        api.listening(api.token(ann)) as sender,
    ):
        await listener.start("mine", HEAR, me=bob, epoch=1)
        await sender.start("mine", HEAR, me=ann, epoch=1)
        for text in "abc":
            await said(api, room, text, ann)
        moved = await until(listener, 1, "MOVED", None)
        assert moved["quietUntil"] > moved["ts"]
        assert (moved["actorId"], moved["seq"], moved["rev"]) == (None, None, None)
        await done(api, "remove", room, bob, ann)
        await until(listener, 1, "REMOVED", room)
        assert [each["kind"] for _, each in listener.heard if each["kind"] != "ADDED"] == ["MOVED", "REMOVED"]
        assert [each for _, each in sender.heard if each["kind"] == "MOVED"] == []


async def test_an_epoch_that_has_moved_ends_the_subscription_before(program: Program, client: Any) -> None:
    bob = f"bob-{uuid.uuid4().hex[:8]}"
    room = new_room(client, members={"alice": "owner"}, settings=FAST)
    async with (
        api_of(program) as api,
        api.listening(api.token(bob)) as old,
        api.listening(api.token(bob)) as new,
    ):
        await old.start("mine", HEAR, me=bob, epoch=1)
        await done(api, "add", room, bob)
        await until(old, 1, "ADDED", room)
        answer = await api.ask(api.token(bob), "mutation { revokeSubscriptions { userId epoch } }")
        assert answer["data"]["revokeSubscriptions"] == {"userId": bob, "epoch": 2}
        assert (await api.ask(api.token(bob), "{ me { epoch } }"))["data"] == {"me": {"epoch": 2}}
        refusal = await new.start("stale", HEAR, me=bob, epoch=1)
        assert refusal["payload"]["errors"][0]["errorType"] == "StaleEpoch"
        assert (await new.start("mine", HEAR, me=bob, epoch=2))["type"] == "start_ack"
        await done(api, "remove", room, bob)
        assert (await until(new, 1, "REMOVED", room))["epoch"] == 2
        await done(api, "add", room, bob)
        await until(new, 1, "ADDED", room)
        assert of_room(old, room) == ["ADDED"]


def test_where_senders_publish_the_streams_are_followed_for_what_is_derived_and_for_nothing_else(
    endpoint: str, project: Path, tmp_path: Path, client: Any, eventually: Eventually
) -> None:
    def done() -> dict[str, dict[str, str]]:
        files = {path.name: path for path in (tmp_path / "events").glob("*.json")}
        return {name: json.loads(path.read_text()) for name, path in files.items()}

    with running_program(endpoint, project, tmp_path, "sender"):
        room = new_room(client, "alice", settings=FAST)
        send(process(client, Clock(wall_clock())), room, "alice", "hello")
        eventually(lambda: any(done().values()))
        found = done()
    assert {name.split(".")[2] for name in found} == {"project_stream"}
    assert not (tmp_path / "events" / "credentials").exists()
