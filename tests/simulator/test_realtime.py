"""The realtime protocol over real sockets."""

import asyncio
from typing import Any

import aiohttp
import pytest

from simulator.limits import Limits

ACK = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}


async def test_the_authorizer_judges_the_connection_and_each_start_with_its_own_token(
    client: Any, chat: Any
) -> None:
    async with client.socket(token="alice") as socket:
        await socket.start("1", token="bob")
        assert await socket.next() == {"type": "start_ack", "id": "1"}
    judged = [event for name, event in chat.events if name == "authorizer"]
    assert [event["authorizationToken"] for event in judged] == ["alice", "bob"]
    connect, start = (event["requestContext"] for event in judged)
    assert (connect["operationName"], connect["queryString"], connect["variables"]) == (
        "Deepdish:Connect",
        "",
        {},
    )
    assert start["variables"] == {"room": "lobby", "epoch": 1}
    assert "onMessage" in start["queryString"]
    resolved = next(event for name, event in chat.events if name == "Subscription.onMessage")
    assert resolved["identity"] == {"resolverContext": {"userId": "bob"}}


async def test_ka_follows_the_acknowledgement_and_then_flows_by_itself(serve: Any) -> None:
    async with serve(limits=Limits(keep_alive=0.01)) as client, client.socket(init=False) as socket:
        await socket.send(type="connection_init")
        received = [await socket.ws.receive_json() for _ in range(10)]
        received.remove(ACK)
        assert received == [{"type": "ka"}] * 9


async def test_websocket_pings_are_answered(client: Any) -> None:
    async with client.socket() as socket:
        ws = socket.ws
        ws._autoping = False  # noqa: SLF001 - otherwise aiohttp keeps the pong for itself
        await ws.ping(b"there?")
        async with asyncio.timeout(20):
            while (message := await ws.receive()).type is not aiohttp.WSMsgType.PONG:
                pass
        assert message.data == b"there?"


async def test_a_message_sent_right_after_start_ack_is_delivered_once_with_its_values(client: Any) -> None:
    async with client.socket() as socket:
        for number in range(30):
            await socket.watch(str(number))
            await client.send(f"text {number} é 🎲")
            received = [await socket.next() for _ in range(number + 1)]
            assert {frame["id"] for frame in received} == {str(one) for one in range(number + 1)}
            message = {"id": f"m{number + 1}", "text": f"text {number} é 🎲"}
            assert all(frame["payload"] == {"data": {"onMessage": message}} for frame in received)


async def test_a_room_gets_only_its_own_messages_and_each_once(client: Any) -> None:
    async with client.socket() as here, client.socket() as there:
        await here.watch(room="a")
        await there.watch(room="b")
        sent = await asyncio.gather(*(client.send(str(n), "ab"[n % 2]) for n in range(60)))
        for socket, room in ((here, "a"), (there, "b")):
            expected = sorted(m["seq"] for m in sent if m["roomId"] == room)
            received = [(await socket.next())["payload"]["data"]["onMessage"]["id"] for _ in expected]
            assert sorted(received) == sorted(f"m{seq}" for seq in expected)


@pytest.mark.parametrize(
    ("token", "room", "error"),
    [
        ("eve", "lobby", ("UnauthorizedException", "You are not authorized to make this call.")),
        ("", "lobby", ("UnauthorizedException", "You are not authorized to make this call.")),
        ("boom", "lobby", ("AuthorizerFailureException", "keys cannot be fetched")),
        ("alice", "closed", ("NotRoomMember", "not a member [code=NotRoomMember]")),
    ],
)
async def test_a_refused_start_leaves_the_socket_and_its_siblings_untouched(
    client: Any, token: str, room: str, error: tuple[str, str]
) -> None:
    async with client.socket() as socket:
        await socket.watch("sibling")
        await socket.start("no", token=token, room=room)
        entry = {"errorType": error[0], "message": error[1]}
        assert await socket.next() == {"type": "error", "id": "no", "payload": {"errors": [entry]}}
        await client.send("still here")
        assert (await socket.next())["id"] == "sibling"


async def test_a_denied_field_is_refused_at_start(client: Any, chat: Any) -> None:
    chat.denied = ["arn:aws:appsync:us-east-1:1:apis/x/types/Subscription/fields/onMessage"]
    async with client.socket() as socket:
        await socket.start()
        entry = {
            "errorType": "Unauthorized",
            "message": "Not Authorized to access onMessage on type Subscription",
        }
        assert (await socket.next())["payload"] == {"errors": [entry]}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ __typename }", "query"),
        ('mutation { sendMessage(roomId: "lobby", text: "x") { id } }', "mutation"),
    ],
)
async def test_only_subscriptions_pass_the_realtime_channel(client: Any, query: str, kind: str) -> None:
    async with client.socket() as socket:
        await socket.start(query=query)
        frame = await socket.next()
        assert "id" not in frame
        message = f"{kind} not supported through the realtime channel"
        assert frame["payload"] == {"errors": [{"errorType": "UnsupportedOperation", "message": message}]}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "subscription ($r: ID!) { onMessage(roomId: $r) { id } }",
            "Variable 'r' has coerced Null value for NonNull type 'ID!'",
        ),
        (
            'subscription { onMessage(roomId: "a") { nope } }',
            "Validation error of type FieldUndefined: Field 'nope' in type 'Message' is undefined @ 'onMessage/nope'",
        ),
        ("subscription {", "Unable to parse GraphQL query."),
    ],
)
async def test_a_start_that_does_not_fit_the_schema_is_refused_with_its_id(
    client: Any, query: str, message: str
) -> None:
    async with client.socket() as socket:
        await socket.start("x", query=query)
        frame = await socket.next()
        assert (frame["type"], frame["id"]) == ("error", "x")
        assert frame["payload"]["errors"][0]["message"] == message


async def test_stop_completes_and_nothing_comes_for_that_id_afterwards(client: Any) -> None:
    async with client.socket() as socket:
        await socket.watch("a")
        await socket.watch("b")
        await socket.send(type="stop", id="a")
        assert await socket.next() == {"type": "complete", "id": "a"}
        await client.send()
        assert (await socket.next())["id"] == "b"
        await socket.send(type="stop", id="b")
        assert await socket.next() == {"type": "complete", "id": "b"}


async def test_a_start_that_is_stopped_while_it_is_judged_leaves_nothing_alive(
    client: Any, chat: Any
) -> None:
    async with client.socket() as socket:
        await socket.start("x", room="slow")
        await asyncio.to_thread(chat.subscribing.wait, 20)
        await socket.send(type="stop", id="x")
        assert await socket.next() == {"type": "complete", "id": "x"}
        chat.release.set()
        await socket.watch("x")
        assert (await client.health())["subscriptions"] == 1


async def test_a_slow_start_does_not_hold_up_its_connection(client: Any, chat: Any) -> None:
    async with client.socket() as socket:
        await socket.start("slow", room="slow")
        await socket.watch("fast")
        await client.send()
        assert (await socket.next())["id"] == "fast"
        chat.release.set()
        assert await socket.next() == {"type": "start_ack", "id": "slow"}


async def test_ids_belong_to_their_connection(client: Any) -> None:
    async with client.socket() as one, client.socket() as other:
        await one.watch("1")
        await other.watch("1")
        await one.send(type="stop", id="1")
        await one.next()
        await client.send()
        assert (await other.next())["type"] == "data"


async def test_the_subscription_beyond_the_limit_is_refused(serve: Any) -> None:
    async with serve(limits=Limits(subscriptions=3)) as client, client.socket() as socket:
        for number in range(3):
            await socket.watch(str(number))
        await socket.start("more")
        assert (await socket.next())["payload"] == {
            "errors": {
                "errorType": "MaxSubscriptionsReachedError",
                "message": "Max number of 3 subscriptions reached",
            }
        }


async def test_after_bad_and_binary_frames_the_connection_goes_on(client: Any) -> None:
    async with client.socket() as socket:
        await socket.ws.send_str("nonsense")
        await socket.ws.send_bytes(b"\xff")
        assert [(await socket.next())["type"] for _ in range(2)] == ["error", "error"]
        await socket.watch()


async def test_a_frame_over_a_megabyte_closes_with_1009(client: Any) -> None:
    async with client.socket() as socket:
        await socket.ws.send_str("x" * (1024 * 1024 + 1))
        assert await socket.next() is None
        assert socket.ws.close_code == 1009
