"""Every operation of the API in a usual situation, so that it can be said what it costs."""

from collections.abc import Callable
from typing import Any

from chat.operations.guild_membership import guild_membership
from chat.rules.instants import to_wire
from chat.rules.tally import Tally
from tests.guarantees.costs.prepared_rooms import FILE, House, Operation

SCENES: dict[str, Callable[[House], Operation]] = {}
"""By the operation's name in `docs/costs.md`: a field, and after a comma the situation."""


def scene(name: str) -> Callable[[Callable[[House], Operation]], Callable[[House], Operation]]:
    def decorate(prepare: Callable[[House], Operation]) -> Callable[[House], Operation]:
        SCENES[name] = prepare
        return prepare

    return decorate


def simple(operation: str, who: int = 0, /, **arguments: Any) -> None:
    """An operation in a room of ten where one message was sent. A number as `userId` stands for a person."""

    def prepare(house: House) -> Operation:
        room = house.room()
        house.say(room)
        given = {n: house.people[v] if n == "userId" else v for n, v in arguments.items()}
        return house.asked(operation.partition(",")[0], who, roomId=room, **given)

    SCENES[operation] = prepare


simple("sendMessage", text="Good morning, everybody.")
simple("updateRoom", name="The lobby", slowModeSeconds=10)
simple("removeMember", userId=3)
simple("leaveRoom", 3)
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


@scene("onMessage, just after somebody went")
def _(house: House) -> Operation:
    room = house.room()
    house.do("leaveRoom", 3, roomId=room)
    return house.asked("onMessage", roomId=room, epoch=2)


@scene("sendMessage, the room known for less than two seconds")
def _(house: House) -> Operation:
    house.before = house.asked("sendMessage", roomId=house.room(), text="Good morning, everybody.")
    return house.before


@scene("sendMessage, of 4 KB")
def _(house: House) -> Operation:
    return house.asked("sendMessage", roomId=house.room(), text="x" * 4_000)


@scene("sendMessage, a repeat")
def _(house: House) -> Operation:
    room = house.room()
    repeated = {"roomId": room, "text": "once", "clientMessageId": "m1"}
    house.do("sendMessage", 0, **repeated)
    return house.asked("sendMessage", 0, **repeated)


@scene("sendMessage, with two files")
def _(house: House) -> Operation:
    room = house.room()
    uploads = [house.upload(room), house.upload(room)]
    return house.asked("sendMessage", roomId=room, text="look", attachments=uploads)


@scene("attachment")
def _(house: House) -> Operation:
    room = house.room()
    upload = house.upload(room)
    house.do("sendMessage", roomId=room, text="look", attachments=[upload])
    return house.asked("attachment", 3, roomId=room, id=upload)


@scene("editMessage")
def _(house: House) -> Operation:
    room = house.room()
    return house.asked("editMessage", roomId=room, id=house.say(room)["id"], text="Good evening.")


@scene("removeMessage")
def _(house: House) -> Operation:
    room = house.room()
    return house.asked("removeMessage", roomId=room, id=house.say(room)["id"])


@scene("removeMessage, with two files")
def _(house: House) -> Operation:
    room = house.room()
    uploads = [house.upload(room), house.upload(room)]
    message = house.do("sendMessage", roomId=room, text="look", attachments=uploads)
    return house.asked("removeMessage", roomId=room, id=message["id"])


@scene("createRoom, with two others")
def _(house: House) -> Operation:
    return house.asked("createRoom", roomId=f"new-{house.mark}", name="New", members=house.people[1:3])


@scene("addMember")
def _(house: House) -> Operation:
    return house.asked("addMember", roomId=house.room(count=9), userId=house.people[9])


@scene("joinRoom")
def _(house: House) -> Operation:
    return house.asked("joinRoom", 9, roomId=house.room(count=9, visibility="public"))


@scene("unbanMember")
def _(house: House) -> Operation:
    room = house.room()
    house.do("banMember", roomId=room, userId=house.people[3])
    return house.asked("unbanMember", roomId=room, userId=house.people[3])


def _beat(house: House, rooms: list[str], seqs: list[int]) -> dict[str, Any]:
    named = [{"roomId": room, "seq": seq} for room, seq in zip(rooms, seqs, strict=True)]
    return {"status": "ONLINE", "watching": rooms[0], "rooms": named}


@scene("heartbeat, five rooms, nothing new")
def _(house: House) -> Operation:
    rooms = house.ten_rooms()[:5]
    for _ in range(2):
        house.clock.sleep(30)
        house.do("heartbeat", 1, **_beat(house, rooms, [1] * 5))
    house.clock.sleep(30)
    return house.asked("heartbeat", 1, **_beat(house, rooms, [1] * 5))


@scene("heartbeat, five rooms, each with a message")
def _(house: House) -> Operation:
    rooms = house.ten_rooms()[:5]
    for seq in (1, 2):
        house.clock.sleep(30)
        house.do("heartbeat", 1, **_beat(house, rooms, [seq] * 5))
        for room in rooms:
            house.say(room)
    house.clock.sleep(30)
    return house.asked("heartbeat", 1, **_beat(house, rooms, [3] * 5))


@scene("messages, a page of 50")
def _(house: House) -> Operation:
    room = house.room()
    for _ in range(51):
        house.say(room)
    return house.asked("messages", roomId=room, limit=50)


@scene("messages, a page of 50 to catch up")
def _(house: House) -> Operation:
    room = house.room()
    for _ in range(51):
        house.say(room)
    house.clock.sleep(11)
    return house.asked("messages", roomId=room, limit=50, order="OLDEST_FIRST")


@scene("changes, nothing new")
def _(house: House) -> Operation:
    room = house.room()
    return house.asked("changes", roomId=room, since=2, after=house.say(room)["ts"])


@scene("changes, an edit and ten messages")
def _(house: House) -> Operation:
    room = house.room()
    first = house.say(room)
    house.do("editMessage", roomId=room, id=first["id"], text="Good evening.")
    for _ in range(10):
        house.say(room)
    house.clock.sleep(11)
    return house.asked("changes", roomId=room, since=2, after=first["ts"])


@scene("sync, ten rooms, nothing new")
def _(house: House) -> Operation:
    house.ten_rooms()
    return house.asked("sync", since=_synced(house))


@scene("sync, ten rooms, ten messages in one")
def _(house: House) -> Operation:
    rooms = house.ten_rooms()
    token = _synced(house)
    for _ in range(10):
        house.say(rooms[3], user=1)
    house.clock.sleep(11)
    return house.asked("sync", since=token)


def _synced(house: House) -> str:
    """The token of somebody who has everything."""
    token, more = None, True
    while more:
        answer = house.do("sync", since=token)
        token, more = answer["token"], answer["more"]
    return str(token)


@scene("myRooms, ten rooms")
def _(house: House) -> Operation:
    house.ten_rooms()
    return house.asked("myRooms", 1)


@scene("guild_membership, one more in a guild")
def _(house: House) -> Operation:
    room = house.room(guild=True, count=9)
    arguments = {"guildId": room.removeprefix("GUILD#"), "add": [{"userId": house.people[9]}]}
    return lambda ours: guild_membership(ours, arguments, Tally())
