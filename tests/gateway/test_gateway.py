"""Rooms over plain WebSocket, end to end: what people receive, and what nobody does."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from chat.rules.generations import LEAP
from chat.rules.rooms import Room
from chat_lambda import compose
from gateway import documents
from gateway.connection import CloseCode
from tests.gateway.conftest import NOTICE, LocalChat, Person, Serve
from tests.gateway.test_gateway_page import PAGE
from tests.guarantees.catch_up.restored_room import RestoredRoom


async def test_a_member_receives_the_addresss_room(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            hello = await bob.next()
            assert (hello["type"], hello["version"], hello["user"]) == ("hello", 1, "bob")
            subscribed = await bob.next()
            assert (subscribed["type"], subscribed["epoch"], subscribed["resumed"]) == (
                "subscribed",
                1,
                False,
            )
            (sent,) = await local.send("alice", room, "hello")
            frame = await bob.next()
            assert frame["type"] == "message"
            assert frame["message"]["text"] == "hello"
            assert frame["message"]["id"] == sent["id"]


async def test_the_token_may_come_as_a_subprotocol_or_in_the_first_frame(serve: Serve) -> None:
    async with serve() as local:
        room, token = local.room(), local.token("bob")
        address = f"ws://127.0.0.1:{local.port}/ws/rooms/{room}"
        protocols = [Subprotocol("chat.v1"), Subprotocol(f"bearer.{token}")]
        async with connect(address, subprotocols=protocols) as socket:
            assert socket.subprotocol == "chat.v1"
            assert json.loads(await socket.recv())["type"] == "hello"
        async with connect(address) as socket:
            await socket.send(json.dumps({"type": "auth", "token": token}))
            assert json.loads(await socket.recv())["type"] == "hello"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "x" * 5_000])
async def test_a_bad_token_is_closed_with_its_code(serve: Serve, token: str) -> None:
    async with serve() as local, local.person("bob", "lobby", token=token) as bob:
        assert await bob.closed() == (4401, "the token was refused")


async def test_the_address_carries_no_token(serve: Serve) -> None:
    async with serve() as local:
        address = f"ws://127.0.0.1:{local.port}/ws/rooms/lobby?token={local.token('bob')}"
        async with connect(address) as socket:
            await socket.send(json.dumps({"type": "ping"}))
            with pytest.raises(Exception, match="4401"):
                await socket.recv()


async def test_a_page_of_a_foreign_origin_is_turned_away(serve: Serve) -> None:
    async with serve(allowed_origins="https://chat.example") as local:
        room = local.room()
        with pytest.raises(InvalidStatus):
            async with local.person("bob", room, origin="https://evil.example"):
                pass
        async with local.person("bob", room, origin="https://chat.example") as bob:
            assert (await bob.next())["type"] == "hello"


@pytest.mark.parametrize("user", ["stranger", "carol"])
async def test_somebody_who_is_not_in_the_room_is_closed_as_if_there_were_none(
    serve: Serve, user: str
) -> None:
    async with serve() as local:
        for room in (local.room(), "no-such-room"):
            async with local.person(user, room) as person:
                assert await person.closed() == (4403, "NotRoomMember")


async def test_a_send_is_acknowledged_and_a_refusal_keeps_its_name(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await bob.sends(type="send", ref="r1", room=room, text="hi", clientMessageId="c1")
            ack = await bob.next("ack")
            assert (ack["ref"], ack["message"]["seq"], ack["message"]["senderId"]) == ("r1", 1, "bob")
            await bob.sends(type="send", ref="r2", room=room, text="other", clientMessageId="c1")
            refused = await bob.next("refused")
            assert (refused["ref"], refused["errorType"]) == ("r2", "IdempotencyMismatch")
            await bob.sends(type="send", ref="r3", room="elsewhere", text="hi")
            assert (await bob.next("refused"))["errorType"] == "NotRoomMember"
            await bob.sends(type="send", ref="r4", room=room, text="  ")
            assert (await bob.next("refused"))["values"]["argument"] == "text"


async def test_several_rooms_share_a_socket_and_one_upstream_connection(serve: Serve) -> None:
    async with serve() as local:
        rooms = [local.room() for _ in range(3)]
        async with local.person("bob") as bob, local.person("alice", rooms[0]) as alice:
            await bob.next("hello")
            for room in rooms:
                await bob.sends(type="subscribe", room=room)
            for _ in rooms:
                await bob.next("subscribed")
            await alice.next("subscribed")
            assert (local.gateway.realtime.connections, local.gateway.realtime.subscriptions) == (1, 3)
            for room in rooms:
                await local.send("alice", room, "hi")
                assert (await bob.next("message"))["room"] == room


async def test_whoever_comes_back_is_given_what_they_missed_without_a_request(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("alice", room) as alice:
            await alice.next("subscribed")
            async with local.person("bob", room) as bob:
                await bob.next("subscribed")
                await local.send("alice", room, "1", "2")
                await bob.next("message")
                at = (await bob.next("message"))["at"]
            await local.send("alice", room, "3", "4")
            for _ in range(4):
                await alice.next("message")
            for since in (at, 2):
                async with local.person("bob", room, since=since) as bob:
                    assert (await bob.next("subscribed"))["resumed"]
                    assert bob.seqs() == [3, 4]
            assert await local.metric('chat_gateway_resumes_total{from="buffer"}') == 2


async def test_what_the_process_has_not_seen_comes_from_history_and_is_read_once_for_all(
    serve: Serve,
) -> None:
    async with serve() as local:
        room = local.room()
        sent = await local.send("alice", room, *"12345")
        head = (
            await local.ask("bob", "query ($room: ID!) { room(roomId: $room) { head { rev } } }", room=room)
        )["head"]
        edited = await local.ask(
            "alice",
            f'mutation ($room: ID!, $id: ID!) {{ editMessage(roomId: $room, id: $id, text: "one") {{ {MESSAGE_OF_EDIT} }} }}',
            room=room,
            id=sent[0]["id"],
        )
        at = f"2/{sent[1]['ts']}/{head['rev'] - 3}"
        async with local.person("alice", room) as alice:
            await alice.next("subscribed")
            before = local.gateway.appsync.requests
            async with AsyncExitStack() as stack:
                people = [local.person("bob", room, since=at) for _ in range(20)]
                for bob in [await stack.enter_async_context(each) for each in people]:
                    await bob.next("subscribed")
                    assert bob.seqs() == [3, 4, 5]
                    changes = [frame["message"] for frame in bob.frames if frame["type"] == "change"]
                    assert [(each["id"], each["text"]) for each in changes] == [(edited["id"], "one")]
                asked = local.gateway.appsync.requests - before
                assert asked <= 20 + 2, "each is looked up by the chat, and history is read once or twice"
                assert local.gateway.realtime.subscriptions == 1


MESSAGE_OF_EDIT = "id roomId senderId text ts seq epoch clientMessageId rev version editedAt"


async def test_edits_and_removals_are_sent_as_changes(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            (sent,) = await local.send("alice", room, "helo")
            await bob.next("message")
            document = f'mutation ($room: ID!, $id: ID!) {{ editMessage(roomId: $room, id: $id, text: "hello") {{ {MESSAGE_OF_EDIT} }} }}'
            await local.ask("alice", document, room=room, id=sent["id"])
            change = await bob.next("change")
            assert (change["message"]["id"], change["message"]["text"]) == (sent["id"], "hello")
            document = (
                "mutation ($room: ID!, $id: ID!) { removeMessage(roomId: $room, id: $id)"
                " { id roomId senderId text ts seq epoch clientMessageId rev removedAt } }"
            )
            await local.ask("alice", document, room=room, id=sent["id"])
            change = await bob.next("change")
            assert (change["message"]["text"], change["message"]["removedAt"] is not None) == (None, True)


async def test_somebody_removed_is_closed_at_once_and_the_others_go_on_receiving(serve: Serve) -> None:
    async with serve() as local:
        room = local.room(alice="owner", bob="member", carol="member")
        async with local.person("bob", room) as bob, local.person("carol", room) as carol:
            await bob.next("subscribed")
            await carol.next("subscribed")
            document = (
                f'mutation ($room: ID!) {{ removeMember(roomId: $room, userId: "bob") {{ {NOTICE} }} }}'
            )
            await local.ask("alice", document, room=room)
            assert await bob.closed() == (4403, "NotRoomMember")
            notice = await carol.next("notice")
            assert notice["message"]["notice"]["kind"] == "MEMBER_REMOVED"
            await local.send("alice", room, "just us")
            assert (await carol.next("message"))["message"]["epoch"] == 2
            assert bob.seqs() == []


async def test_a_room_that_ends_is_closed_for_everybody_after_its_last_event(serve: Serve) -> None:
    async with serve() as local:
        room = local.room(alice="owner", bob="member", carol="member")
        async with local.person("bob", room) as bob, local.person("alice", room) as alice:
            for each in (bob, alice):
                await each.next("subscribed")
            document = f"mutation ($room: ID!) {{ deleteRoom(roomId: $room) {{ {NOTICE} }} }}"
            await local.ask("alice", document, room=room)
            for each in (bob, alice):
                notice = await each.next("notice")
                assert notice["message"]["notice"]["kind"] == "ROOM_DELETED"
                assert await each.closed() == (4403, "NotRoomMember")
        async with local.person("carol", room) as carol:
            assert await carol.closed() == (4403, "NotRoomMember")


async def test_an_expired_token_ends_the_connection(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room, token=local.token("bob", ttl=1)) as bob:
            assert await bob.closed() == (4401, "the token has expired")


async def test_a_token_can_be_renewed_on_a_live_connection(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room, token=local.token("bob", ttl=3)) as bob:
            await bob.next("subscribed")
            await bob.sends(type="auth", token=local.token("bob", ttl=6))
            answer = await bob.next("authenticated")
            assert answer["user"] == "bob"
            assert 4_000 < answer["expiresInMs"] <= 6_000
            started = asyncio.get_running_loop().time()
            assert await bob.closed() == (4401, "the token has expired")
            assert asyncio.get_running_loop().time() - started > 3.5
            assert [frame["type"] for frame in bob.frames] == ["hello", "subscribed", "authenticated"]


async def test_a_fresh_token_is_what_the_chat_is_asked_with(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        old = local.token("bob", ttl=2)
        async with local.person("bob", room, token=old) as bob:
            await bob.next("subscribed")
            await bob.sends(type="auth", token=local.token("bob"))
            await bob.next("authenticated")
            async with asyncio.timeout(20):
                while await is_accepted(local, old):  # noqa: ASYNC110  nothing else says so
                    await asyncio.sleep(0.1)
            await bob.sends(type="send", ref="1", room=room, text="still here")
            assert (await bob.next("ack"))["message"]["text"] == "still here"


async def is_accepted(local: LocalChat, token: str) -> bool:
    """Whether the API takes this token."""
    body, headers = {"query": "{ __typename }"}, {"Authorization": token}
    async with local.http.post(local.api.url, json=body, headers=headers) as answer:
        return answer.status == 200


@pytest.mark.parametrize("user", ["alice", None])
async def test_a_live_connection_stays_its_persons(serve: Serve, user: str | None) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await bob.sends(type="auth", token=local.token(user) if user else "nonsense")
            assert await bob.closed() == (4401, "the token was refused")
        assert not local.gateway.users


@pytest.mark.parametrize("since", ["x", "1/x/2", "-1", "1/2026-02-30T12:00:00.000Z/2", "4294967296", "٣"])
async def test_a_position_in_the_address_that_no_frame_had_is_refused(serve: Serve, since: str) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room, since=since) as bob:
            assert await bob.closed() == (4403, "InvalidInput")
        async with local.person("bob") as bob:
            await bob.next("hello")
            await bob.sends(type="subscribe", room=room, since=since)
            refused = await bob.next("refused")
            assert (refused["errorType"], refused["values"]) == ("InvalidInput", {"argument": "since"})


def test_the_page_names_every_close_code() -> None:
    codes = {*CloseCode, 1002, 1007, 1009, 1011, 1012}
    table = PAGE.partition("### Close codes")[2].partition("\n## ")[0]
    named = {
        int(code) for row in re.findall(r"^\| ([0-9, ]+) \|", table, re.MULTILINE) for code in row.split(",")
    }
    assert named == codes


async def test_what_is_no_websocket_frame_is_closed_as_such(serve: Serve) -> None:
    async with serve() as local, local.person("bob") as bob:
        await bob.next("hello")
        bob.socket.transport.write(b"\x83\x80\x00\x00\x00\x00")  # opcode 3 is reserved
        assert (await bob.closed())[0] == 1002


async def test_the_process_shows_what_it_is_doing(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await local.send("alice", room, "hi")
            await bob.next("message")
            for path in ("/healthz", "/readyz"):
                async with local.http.get(f"http://127.0.0.1:{local.port}{path}") as answer:
                    assert answer.status == 200
            assert await local.metric("chat_gateway_connections") == 1
            assert await local.metric("chat_gateway_deliveries_total") == 1
            assert await local.metric("chat_gateway_lag_seconds_count") == 1


async def test_a_process_that_ends_says_when_to_come_back(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            draining = asyncio.create_task(local.gateway.drain())
            going = await bob.next("goingAway")
            assert 0 <= going["reconnectAfterMs"] <= 500
            assert (await bob.closed())[0] == 1001
            await draining
            with pytest.raises(InvalidStatus):
                async with local.person("bob", room):
                    pass


async def test_receipts_typing_and_presence_come_to_those_who_ask(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with (
            local.person("alice") as alice,
            local.person("bob", room) as bob,
            local.person("alice", room) as uninterested,
        ):
            await uninterested.next("subscribed")
            await alice.next("hello")
            await alice.sends(type="subscribe", room=room, receipts=True, typing=True)
            await alice.next("subscribed")
            await bob.next("subscribed")
            await bob.sends(type="send", ref="1", room=room, text="hi")
            await bob.next("ack")
            await bob.sends(type="typing", room=room)
            assert (await alice.next("typing"))["typing"]["userId"] == "bob"
            await bob.sends(type="read", room=room, seq=1)
            assert (await alice.next("receipt"))["receipt"]["readSeq"] == 1
            await local.send("alice", room, "the last")
            while (await uninterested.next())["type"] != "message" or len(uninterested.seqs()) < 2:
                pass
            assert {frame["type"] for frame in uninterested.frames} == {"hello", "subscribed", "message"}
            await bob.sends(type="presence", room=room)
            assert (await bob.next("presence"))["presence"]["watching"] == 0


async def presence_of(local: LocalChat, room: str, person: str) -> str:
    answer = await local.ask("alice", documents.PRESENCE, room=room)
    return next(str(each["status"]) for each in answer["people"] if each["userId"] == person)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110  what is waited for is in another program's tables
            await asyncio.sleep(0.05)


async def seen(local: LocalChat, person: Person, room: str) -> None:
    """The person's client confirms a message, and the chat has heard of all clients."""
    await person.next("subscribed")
    await person.sends(type="delivered", room=room, seq=1)

    async def all_seen() -> bool:
        return all(client.is_seen(time.monotonic()) for client in local.gateway.clients)

    await until(all_seen)


async def test_a_connection_is_a_device_and_goes_without_the_others(serve: Serve) -> None:
    """The person is there while one of their devices is: this one, another, or one that calls the API."""
    async with serve() as local:
        person = f"p-{uuid.uuid4().hex[:8]}"
        room = local.room_of("alice", person)
        await local.send("alice", room, "hello")

        async def other_has_gone() -> bool:
            return len(local.gateway.clients) == 1 and not local.gateway._gone  # noqa: SLF001  nothing else says so

        async def is_offline() -> bool:
            return await presence_of(local, room, person) == "OFFLINE"

        async with local.person(person, room, device="desk") as desk:
            await seen(local, desk, room)
            async with local.person(person, room) as other:
                await seen(local, other, room)
            await until(other_has_gone)
            for status in ("AWAY", "OFFLINE"):
                variables = {"rooms": [], "deviceId": "phone", "status": status}
                await local.ask(person, documents.HEARTBEAT, **variables)
                assert await presence_of(local, room, person) == "ONLINE"
        await until(is_offline)


async def test_what_is_no_device_id_is_refused(serve: Serve) -> None:
    async with serve() as local:
        async with local.person("bob", local.room(), device="a phone") as bob:
            assert await bob.closed() == (4403, "InvalidInput")
        async with connect(f"ws://127.0.0.1:{local.port}/ws") as socket:
            token = local.token("bob")
            await socket.send(json.dumps({"type": "auth", "token": token, "deviceId": "a phone"}))
            refused = json.loads(await socket.recv())
            assert (refused["errorType"], refused["values"]["argument"]) == ("InvalidInput", "deviceId")
            await socket.send(json.dumps({"type": "auth", "token": token, "deviceId": "phone"}))
            assert json.loads(await socket.recv())["type"] == "hello"


async def test_a_device_that_was_lost_may_have_come_back_elsewhere(serve: Serve) -> None:
    """Where its connection is lost it expires by itself; a connection without a name is nobody else's."""
    async with serve() as local:
        person = f"p-{uuid.uuid4().hex[:8]}"
        room = local.room_of("alice", person)
        await local.send("alice", room, "hello")

        async def is_forgotten() -> bool:
            return not local.gateway.clients

        async def is_offline() -> bool:
            return await presence_of(local, room, person) == "OFFLINE"

        async with local.person(person, room) as nameless:
            await seen(local, nameless, room)
            nameless.socket.transport.abort()
            await until(is_offline)
        async with local.person(person, room, device="desk") as desk:
            await seen(local, desk, room)
            desk.socket.transport.abort()
            await until(is_forgotten)
            assert local.gateway._gone == []  # noqa: SLF001  nothing else says so


@contextmanager
def restored(generation: int) -> Iterator[None]:
    """The functions are told a generation of the tables."""
    tables = compose.deployment().store.tables
    saved, tables.generation = tables.generation, generation
    try:
        yield
    finally:
        tables.generation = saved


@pytest.mark.parametrize("generation", [1, 2])
async def test_whoever_lives_through_a_restore_is_reset(serve: Serve, client: Any, generation: int) -> None:
    """Without a new generation they would keep the dead message, and never get the one in its place."""
    async with serve(compare_seconds=1) as local:
        restorable = RestoredRoom(client, owner="alice", member="bob")
        room = restorable.id
        await local.send("alice", room, "one")
        restorable.save()
        async with local.person("bob", room) as bob, local.person("bob", room) as gone:
            at = (await bob.next("subscribed"))["at"]
            await gone.next("subscribed")
            await local.send("alice", room, "lost")
            lost = await bob.next("message")
            await gone.next("message")
            await gone.socket.close()
            with restored(generation):
                restorable.restore(0)
                compose.deployment().memory.heads.forget(Room.parse(room).partition_key)  # as another process
                (new,) = await local.send("alice", room, "new")
                assert new["seq"] == lost["message"]["seq"]
                if generation == 1:
                    await local.send("alice", room, "later")
                    assert (await bob.next("message"))["message"]["text"] == "later"
                    assert [frame["type"] for frame in bob.frames].count("reset") == 0
                    return
                reset = await bob.next("reset")
                (later,) = await local.send("alice", room, "later")
                assert later["epoch"] == LEAP + 1
                assert (await bob.next("message"))["message"]["id"] == later["id"]
                for since in (at, lost["at"]):
                    async with local.person("bob", room, since=since) as back:
                        assert (await back.next())["type"] == "hello"
                        assert (await back.next())["type"] == "reset"
                async with local.person("bob", room, since=reset["at"]) as back:
                    assert (await back.next("message"))["message"]["id"] == later["id"]
                    assert [frame["type"] for frame in back.frames].count("reset") == 0


async def test_a_number_that_the_chat_has_lost_is_answered_by_a_reset(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        await local.send("alice", room, "one")
        async with local.person("bob", room, since=2) as bob:
            assert [(await bob.next())["type"] for _ in range(3)] == ["hello", "reset", "subscribed"]
