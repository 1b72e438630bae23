"""What AppSync answers over its WebSocket, whatever the API behind it is."""

from proving.check import AWS, check, require
from proving.client import Unreachable
from proving.world import World, ids

REALTIME = f"{AWS}real-time-websocket-client.html"
SUBSCRIPTIONS = f"{AWS}aws-appsync-real-time-data.html"


@check(
    "appsync.realtime.ack",
    "connection_init is answered connection_ack with connectionTimeoutMs, and ka follows; the subprotocol is graphql-ws.",
    REALTIME,
    needs="subscribe",
    connections=1,
)
async def ack(world: World) -> None:
    async with world.listening(world.owner) as listener:
        heard = listener.heard
        require(listener.socket.protocol == "graphql-ws", f"the subprotocol is {listener.socket.protocol}")
        timeout = (heard.ack or {}).get("connectionTimeoutMs")
        require(isinstance(timeout, int) and timeout > 0, f"connectionTimeoutMs is {timeout!r}")
        await listener.until(lambda: heard.kept_alive)
        require(heard.kept_alive, "no ka after connection_ack")


@check(
    "appsync.realtime.bad-token",
    "A connection with credentials that are none is refused: connection_error, and never connection_ack.",
    REALTIME,
    needs="subscribe",
    connections=2,
)
async def bad_token(world: World) -> None:
    async with world.listening(world.owner):
        pass  # who is known is let in; else everybody would be refused
    try:
        async with world.connection("not.a.token") as listener:
            heard = listener.heard
            require(heard.ack is None, "the connection was acknowledged")
            require(heard.refusal is not None, "no connection_error came")
            require(heard.refusal and "Unauthorized" in heard.refusal.type, f"refused by {heard.refusal}")
    except Unreachable as refused:
        require("401" in str(refused), str(refused))  # in the handshake


@check(
    "appsync.realtime.start",
    "After start_ack each mutation that is linked brings one data frame, with the values of the mutation's answer.",
    SUBSCRIPTIONS,
    needs="subscribe",
    messages=4,
    connections=1,
    smoke=True,
)
async def start(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as listener:
        live = await world.live(listener, world.owner, room)
        sent = await world.send(world.owner, room, "to be heard")
        await world.brings(live, sent)
        found = [each for each in world.messages_of(live) if each["id"] == sent["id"]]
        require(found == [sent], f"sent {sent}, heard {found}")


@check(
    "appsync.realtime.filter",
    "A subscription brings only what equals its arguments: nothing of another room.",
    SUBSCRIPTIONS,
    needs="subscribe",
    rooms=1,
    messages=5,
    connections=1,
)
async def filter_(world: World) -> None:
    room, other = await world.room(), await world.new_room()
    async with world.listening(world.owner) as listener:
        live = await world.live(listener, world.owner, room)
        elsewhere = await world.send(world.owner, other, "to the other room")
        last = await world.send(world.owner, room, "to this room")
        require(
            await world.brings(live, last),
            "the room's own message did not come",
        )
        require(elsewhere["id"] not in ids(world.messages_of(live)), "a message of another room came")


@check(
    "appsync.realtime.stop",
    "stop is answered complete, and nothing comes after it; other subscriptions of the connection live on.",
    REALTIME,
    needs="subscribe",
    messages=7,
    connections=1,
)
async def stop(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as listener:
        stopped = await world.live(listener, world.owner, room)
        other = await world.live(listener, world.owner, room)
        await stopped.stop()
        await listener.until(lambda: stopped.id in listener.heard.completed)
        require(stopped.id in listener.heard.completed, "no complete")
        sent = await world.send(world.owner, room, "after the stop")
        require(
            await world.brings(other, sent),
            "the other subscription ended, too",
        )
        require(sent["id"] not in ids(world.messages_of(stopped)), "data after complete")


@check(
    "appsync.realtime.refused",
    "A start that is refused is answered error with its id and no start_ack; the connection and its siblings live on.",
    REALTIME,
    needs="subscribe",
    messages=4,
    connections=1,
)
async def refused(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as listener:
        sibling = await world.live(listener, world.owner, room)
        made = await listener.start("subscription { thereIsNoSuchField }", {})
        require(made.id in listener.heard.refused, "no error frame with the id")
        require(made.id not in listener.heard.acknowledged, "start_ack came")
        sent = await world.send(world.owner, room, "to the sibling")
        require(
            await world.brings(sibling, sent),
            "the sibling hears nothing any more",
        )


@check(
    "appsync.realtime.start-token",
    "Each start is judged by credentials of its own: with bad ones it is refused on a connection with good ones.",
    REALTIME,
    needs="subscribe",
    connections=1,
)
async def start_token(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as listener:
        bad = world.run.client.authorization("not.a.token")
        made = await world.try_subscribe(listener, world.owner, room, authorization=bad)
        require(made.id not in listener.heard.acknowledged, "start_ack came")
        require(made.id in listener.heard.refused or listener.heard.ended, "no error frame came")


@check(
    "appsync.realtime.ids",
    "A subscription's id is its connection's own: two connections may use the same.",
    REALTIME,
    needs="subscribe",
    connections=2,
)
async def same_ids(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as one, world.listening(world.owner) as two:
        for listener in (one, two):
            await world.subscribe(listener, world.owner, room, id_="1")
