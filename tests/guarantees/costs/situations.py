"""Every operation of the API in a usual situation, so that its cost can be measured."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.operations.guild_membership import guild_membership
from chat.operations.heartbeats import heartbeats
from chat.operations.run_jobs import run_jobs
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.costs.prepared_rooms import FILE, Operation, PreparedRooms
from tests.guarantees.support.fixtures import DAY_MS, run_one_piece
from tests.guarantees.support.own_rules import OwnRules

SITUATIONS: dict[str, Callable[[PreparedRooms], Operation]] = {}
"""By the operation's name in `docs/costs.md`: a field, and after a comma the situation."""

NOT_IN_THE_TABLE = {
    "publishMessage": "asks the tables nothing",
    "publishMine": "asks the tables nothing",
    "project_stream": "is counted by what happens: docs/personal-events.md",
    "read_stream": "asks the tables nothing",
    "reemit_events": "is an operator's, and reads as much as there are events to be made again",
}
"""Functions without a row, and why."""


def situation(
    name: str,
) -> Callable[[Callable[[PreparedRooms], Operation]], Callable[[PreparedRooms], Operation]]:
    def decorate(prepare: Callable[[PreparedRooms], Operation]) -> Callable[[PreparedRooms], Operation]:
        SITUATIONS[name] = prepare
        return prepare

    return decorate


def simple(operation: str, who: int = 0, /, **arguments: Any) -> None:
    """An operation in a room of ten where one message was sent. A number as `userId` stands for a user."""

    def prepare(setup: PreparedRooms) -> Operation:
        room = setup.room()
        setup.send(room)
        given = {n: setup.users[v] if n == "userId" else v for n, v in arguments.items()}
        return setup.operation(operation.partition(",")[0], who, roomId=room, **given)

    SITUATIONS[operation] = prepare


simple("sendMessage", text="Good morning, everybody.")
simple("updateRoom", name="The lobby", slowModeSeconds=10)
simple("removeMember", userId=3)
simple("leaveRoom", 3)
simple("deleteRoom")
simple("setRole", userId=3, role="MODERATOR")
simple("muteMember", userId=3, until=to_wire(4_000_000_000_000))
simple("banMember", userId=3)
simple("markRead", 3, seq=1)
simple("markDelivered", 3, seq=1)
simple("typing", 3)
simple("createUpload", 0, **FILE)
simple("room")
simple("members, a page of ten")
simple("receipts, of ten people")
simple("receipts, of ten people and one message", seq=1)
simple("presence, of ten people")
simple("delivery, of a day", hours=24)
simple("onMessage", epoch=1)
simple("onReceipt", epoch=1)
simple("onTyping", epoch=1)


@situation("onMessage, just after somebody went")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.perform("leaveRoom", 3, roomId=room)
    return setup.operation("onMessage", roomId=room, epoch=2)


@situation("leaveRoom, of the only member")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("leaveRoom", roomId=setup.room(count=1))


@situation("run_jobs, nothing to do")
def _(setup: PreparedRooms) -> Operation:
    _run_jobs(setup.other)
    return _run_jobs


@situation("run_jobs, one piece: fifty messages")
def _(setup: PreparedRooms) -> Operation:
    _run_jobs(setup.other)
    room = setup.room()
    for _ in range(51):
        setup.send(room)
    setup.perform("deleteRoom", roomId=room)
    run_one_piece(setup.other)  # looks for files
    return run_one_piece


def _run_jobs(ours: Deployment) -> object:
    return run_jobs(ours, 1_000.0, Tally())


@situation("sendMessage, the room known for less than two seconds")
def _(setup: PreparedRooms) -> Operation:
    setup.before = setup.operation("sendMessage", roomId=setup.room(), text="Good morning, everybody.")
    return setup.before


@situation("sendMessage, with a rule of one's own, the room known or not")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    send = setup.operation("sendMessage", roomId=room, text="Good morning, everybody.")
    setup.before = setup.operation("sendMessage", roomId=room, text="Good evening.")
    return lambda ours: send(replace(ours, **OwnRules().parts()))


@situation("sendMessage, of 4 KB")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("sendMessage", roomId=setup.room(), text="x" * 4_000)


@situation("sendMessage, a repeat")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    repeated = {"roomId": room, "text": "once", "clientMessageId": "m1"}
    setup.perform("sendMessage", 0, **repeated)
    return setup.operation("sendMessage", 0, **repeated)


@situation("sendMessage, with two files")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    uploads = [setup.upload(room), setup.upload(room)]
    return setup.operation("sendMessage", roomId=room, text="look", attachments=uploads)


@situation("attachment")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    upload = setup.upload(room)
    setup.perform("sendMessage", roomId=room, text="look", attachments=[upload])
    return setup.operation("attachment", 3, roomId=room, id=upload)


@situation("editMessage")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    return setup.operation("editMessage", roomId=room, id=setup.send(room)["id"], text="Good evening.")


@situation("removeMessage")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    return setup.operation("removeMessage", roomId=room, id=setup.send(room)["id"])


@situation("removeMessage, with two files")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    uploads = [setup.upload(room), setup.upload(room)]
    message = setup.perform("sendMessage", roomId=room, text="look", attachments=uploads)
    return setup.operation("removeMessage", roomId=room, id=message["id"])


@situation("createRoom, with two others")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("createRoom", roomId=f"new-{setup.suffix}", name="New", members=setup.users[1:3])


@situation("addMember")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("addMember", roomId=setup.room(count=9), userId=setup.users[9])


@situation("joinRoom")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("joinRoom", 9, roomId=setup.room(count=9, visibility="public"))


@situation("me")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("me")


@situation("revokeSubscriptions")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("revokeSubscriptions")


@situation("onMine")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("onMine", epoch=1)


@situation("blockUser")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("blockUser", userId=setup.users[3])


@situation("unblockUser")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("blockUser", userId=setup.users[3])
    return setup.operation("unblockUser", userId=setup.users[3])


@situation("blocks, a page of ten")
def _(setup: PreparedRooms) -> Operation:
    for user in setup.users[1:]:
        setup.perform("blockUser", userId=user)
    return setup.operation("blocks", limit=10)


@situation("unbanMember")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.perform("banMember", roomId=room, userId=setup.users[3])
    return setup.operation("unbanMember", roomId=room, userId=setup.users[3])


def _heartbeat(setup: PreparedRooms, rooms: list[str], seqs: list[int]) -> dict[str, Any]:
    named = [{"roomId": room, "seq": seq} for room, seq in zip(rooms, seqs, strict=True)]
    return {"status": "ONLINE", "watching": rooms[0], "rooms": named}


@situation("heartbeat, five rooms, nothing new")
def _(setup: PreparedRooms) -> Operation:
    rooms = setup.ten_rooms()[:5]
    for _ in range(2):
        setup.clock.sleep(30)
        setup.perform("heartbeat", 1, **_heartbeat(setup, rooms, [1] * 5))
    setup.clock.sleep(30)
    return setup.operation("heartbeat", 1, **_heartbeat(setup, rooms, [1] * 5))


@situation("heartbeat, five rooms, each with a message")
def _(setup: PreparedRooms) -> Operation:
    rooms = setup.ten_rooms()[:5]
    for seq in (1, 2):
        setup.clock.sleep(30)
        setup.perform("heartbeat", 1, **_heartbeat(setup, rooms, [seq] * 5))
        for room in rooms:
            setup.send(room)
    setup.clock.sleep(30)
    return setup.operation("heartbeat", 1, **_heartbeat(setup, rooms, [3] * 5))


@situation("heartbeat, five rooms of which three were not read for half a year")
def _(setup: PreparedRooms) -> Operation:
    rooms = setup.ten_rooms()[:5]
    setup.clock.jump(200 * DAY_MS)
    for room in rooms[:3]:
        setup.send(room)
    for seqs in ([1, 1, 1, 1, 1], [2, 2, 2, 1, 1]):
        setup.clock.sleep(30)
        setup.perform("heartbeat", 1, **_heartbeat(setup, rooms, seqs))
    setup.clock.sleep(30)
    return setup.operation("heartbeat", 1, **_heartbeat(setup, rooms, [2, 2, 2, 1, 1]))


def _heartbeats(setup: PreparedRooms, room: str, seq: int) -> Operation:
    """Of ten people, as the gateway says them."""
    rooms = [{"roomId": room, "seq": seq}]
    people = [{"userId": user, "deviceId": "desk", "rooms": rooms} for user in setup.users]
    return lambda ours: heartbeats(
        ours, Caller("gateway", frozenset({"gateway"})), {"people": people}, Tally()
    )


@situation("heartbeats, of ten people in one room, written half a minute ago")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    _heartbeats(setup, room, 0)(setup.other)
    setup.clock.sleep(30)
    return _heartbeats(setup, room, 0)


@situation("heartbeats, of ten people in one room, written a minute ago")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for _ in range(2):
        _heartbeats(setup, room, 0)(setup.other)
        setup.clock.sleep(30)
    return _heartbeats(setup, room, 0)


@situation("heartbeats, of ten people in one room, written a minute ago, with a message")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for seq in (0, 1):
        _heartbeats(setup, room, seq)(setup.other)
        setup.send(room)
        setup.clock.sleep(30)
    return _heartbeats(setup, room, 2)


@situation("messages, a page of 50")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for _ in range(51):
        setup.send(room)
    return setup.operation("messages", roomId=room, limit=50)


@situation("messages, a page of 50 to catch up")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for _ in range(51):
        setup.send(room)
    setup.clock.sleep(11)
    return setup.operation("messages", roomId=room, limit=50, order="OLDEST_FIRST")


@situation("changes, nothing new")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    return setup.operation("changes", roomId=room, since=2, after=setup.send(room)["ts"])


@situation("changes, an edit and ten messages")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    first = setup.send(room)
    setup.perform("editMessage", roomId=room, id=first["id"], text="Good evening.")
    for _ in range(10):
        setup.send(room)
    setup.clock.sleep(11)
    return setup.operation("changes", roomId=room, since=2, after=first["ts"])


@situation("sync, ten rooms, nothing new")
def _(setup: PreparedRooms) -> Operation:
    setup.ten_rooms()
    return setup.operation("sync", since=_synced(setup))


@situation("sync, ten rooms, ten messages in one")
def _(setup: PreparedRooms) -> Operation:
    rooms = setup.ten_rooms()
    token = _synced(setup)
    for _ in range(10):
        setup.send(rooms[3], user=1)
    setup.clock.sleep(11)
    return setup.operation("sync", since=token)


def _synced(setup: PreparedRooms) -> str:
    """The token of a client that has everything."""
    token, more = None, True
    while more:
        answer = setup.perform("sync", since=token)
        token, more = answer["token"], answer["more"]
    return str(token)


@situation("myRooms, ten rooms")
def _(setup: PreparedRooms) -> Operation:
    setup.ten_rooms()
    return setup.operation("myRooms", 1)


@situation("guild_membership, one more in a guild")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room(guild=True, count=9)
    arguments = {"guildId": room.removeprefix("GUILD#"), "add": [{"userId": setup.users[9]}]}
    return lambda ours: guild_membership(ours, arguments, Tally())
