"""What one client may do, and that others are not affected by it."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from gateway import server_frames
from tests.gateway.conftest import Serve


async def test_oversize_and_binary_frames_and_floods_are_closed_and_others_unaffected(serve: Serve) -> None:
    async with serve(max_frame_bytes=2_048, frames_per_second=10, frames_burst=10) as local:
        room = local.room()
        async with local.person("alice", room) as alice:
            await alice.next("subscribed")
            async with local.person("bob", room) as bob:
                await bob.next("subscribed")
                await bob.socket.send("x" * 3_000)
                assert (await bob.closed())[0] == 1009
            async with local.person("bob", room) as bob:
                await bob.next("subscribed")
                await bob.socket.send(b"binary")
                assert (await bob.closed())[0] == 4400
            async with local.person("bob", room) as bob:
                await bob.next("subscribed")
                for _ in range(70):
                    await bob.sends(type="ping")
                assert (await bob.closed())[0] == 4429
            await local.send("alice", room, "still here")
            assert (await alice.next("message"))["message"]["text"] == "still here"


async def test_a_client_that_stops_reading_is_closed_and_delays_nobody(serve: Serve) -> None:
    async with serve(max_buffer_bytes=16_384, tick_ms=0) as local:
        room = local.room()
        async with local.person("alice", room) as alice, local.person("bob", room, close_timeout=0.1) as bob:
            await alice.next("subscribed")
            await bob.next("subscribed")
            bob.socket.transport.pause_reading()
            subscribers = local.gateway.hub.rooms[room].feed.subscribers
            frame = server_frames.framed(server_frames.encode("filler", text="x" * 8_000))
            while len(subscribers) > 1:
                subscribers.publish(frame)
                await alice.next("filler")
            async with asyncio.timeout(10):
                while len(local.gateway.clients) > 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await local.send("alice", room, "still here")
            assert (await alice.next("message"))["message"]["text"] == "still here"
            assert await local.metric('chat_gateway_closes_total{code="4408"}') == 1


async def test_a_client_that_neither_reads_nor_answers_is_let_go(serve: Serve) -> None:
    async with serve(ping_seconds=1, max_buffer_bytes=16_777_216) as local:
        room = local.room()
        async with local.person("bob", room, close_timeout=0.1) as bob:
            await bob.next("subscribed")
            bob.socket.transport.pause_reading()
            frame = server_frames.framed(server_frames.encode("filler", text="x" * 60_000))
            subscribers = local.gateway.hub.rooms[room].feed.subscribers
            for _ in range(200):
                subscribers.publish(frame)
            async with asyncio.timeout(15):
                while local.gateway.clients:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert len(subscribers) == 0


async def test_whoever_is_gone_keeps_nothing_from_the_others(serve: Serve) -> None:
    """Their last frame is still carried out, and they are in the room until it is."""
    async with serve(tick_ms=0) as local:
        room = local.room(alice="owner", bob="member", carol="member")
        async with local.person("bob", room) as bob, local.person("carol", room) as carol:
            await bob.next("subscribed")
            await carol.next("subscribed")
            subscribers, published = local.gateway.hub.rooms[room].feed.subscribers, 0
            await bob.sends(type="send", ref="1", room=room, text="and off")
            bob.socket.transport.abort()
            async with asyncio.timeout(10):
                while len(local.gateway.clients) > 1:
                    subscribers.publish(server_frames.framed(server_frames.encode("filler")))
                    published += 1
                    await asyncio.sleep(0)
            while [frame["type"] for frame in carol.frames].count("filler") < published:
                await carol.next()
            while not carol.seqs():
                await carol.next()
            assert carol.seqs() == [1]


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_a_flood_of_pings_ends_the_connection(serve: Serve, opcode: Opcode) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("alice", room) as alice, local.person("bob", room, close_timeout=0.1) as bob:
            await bob.next("subscribed")
            await alice.next("subscribed")
            flood = Frame(opcode, b"x").serialize(mask=True) * 20_000
            bob.socket.transport.write(flood)
            async with asyncio.timeout(10):
                while len(local.gateway.clients) > 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await local.send("alice", room, "still here")
            assert (await alice.next("message"))["message"]["text"] == "still here"


async def test_a_person_has_so_many_connections_and_no_more(serve: Serve) -> None:
    async with serve(connections_per_user=2) as local:
        room = local.room()
        async with local.person("bob", room) as one, local.person("bob", room) as other:
            await one.next("subscribed")
            await other.next("subscribed")
            async with local.person("bob", room) as third:
                assert await third.closed() == (4429, "too many connections")
            async with local.person("alice", room) as alice:
                await alice.next("subscribed")
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")


async def test_a_full_process_says_so_and_goes_on(serve: Serve) -> None:
    async with serve(max_connections=1) as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            with pytest.raises(InvalidStatus) as full:
                async with local.person("alice", room):
                    pass
            assert (full.value.response.status_code, full.value.response.headers["Retry-After"]) == (503, "1")


async def test_while_keys_cannot_be_had_nobody_is_told_that_their_token_is_bad(serve: Serve) -> None:
    async with serve(jwt_jwks_url="http://127.0.0.1:9/") as local, local.person("bob", "lobby") as bob:
        assert (await bob.closed())[0] == 4503
