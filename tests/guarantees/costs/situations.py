"""Every operation of the API in a usual situation, so that its cost can be measured."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.guild_membership import guild_membership
from chat.operations.heartbeats import heartbeats
from chat.operations.run_jobs import run_jobs
from chat.rules.errors import NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Item
from chat.rules.projections import Change
from chat.rules.reactions import MAX_KINDS
from chat.rules.room_rules import MAX_DESCRIPTION
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.mention_projection import MentionProjection
from chat.steps.summarise_reactions import ReactionSummaries
from chat.storage import keys
from chat.storage.event_items import event_of
from chat.storage.places import in_room
from chat.storage.reaction_items import ReactionPlace
from tests.guarantees.costs.prepared_rooms import FILE, Operation, PreparedRooms
from tests.guarantees.support.fixtures import DAY_MS, run_one_piece
from tests.guarantees.support.own_rules import OwnRules

SITUATIONS: dict[str, Callable[[PreparedRooms], Operation]] = {}
"""By the operation's name in `docs/costs.md`: a field, and after a comma the situation."""

NOT_IN_THE_TABLE = {
    "publishMessage": "asks the tables nothing",
    "publishMine": "asks the tables nothing",
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


def _reacted(setup: PreparedRooms, people: int, *emoji: str) -> tuple[str, str]:
    """A room where so many react to a message with each of these: its id, and the message's."""
    room = setup.room()
    message = setup.send(room)
    for user in range(people):
        for each in emoji:
            setup.perform("react", user, roomId=room, id=message["id"], emoji=each)
    return room, message["id"]


@situation("react, the first with an emoji")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 0)
    return setup.operation("react", 1, roomId=room, id=message_id, emoji="👍")


@situation("react, one of many")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 10, "👍")
    setup.perform("react", 1, roomId=room, id=message_id, emoji="👍", on=False)
    return setup.operation("react", 1, roomId=room, id=message_id, emoji="👍")


@situation("react, with a 21st emoji, which is refused")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 0)
    for number in range(MAX_KINDS):
        setup.perform("react", number % 10, roomId=room, id=message_id, emoji=chr(0x1F600 + number))

    def refused(ours: Deployment) -> None:
        with pytest.raises(NotAllowed):
            setup.operation("react", 1, roomId=room, id=message_id, emoji=chr(0x1F600 + MAX_KINDS))(ours)

    return refused


@situation("react, once more")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 2, "👍")
    return setup.operation("react", 1, roomId=room, id=message_id, emoji="👍")


@situation("reactions, of one person")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 1, "👍")
    return setup.operation("reactions", roomId=room, id=message_id)


@situation("myReactions, to two of fifty messages")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 2, "👍")
    other = setup.send(room)["id"]
    setup.perform("react", 0, roomId=room, id=other, emoji="👍")
    ids = [message_id, other, *(f"01890a5d-ac96-774b-bcce-{number:012d}" for number in range(48))]
    return setup.operation("myReactions", roomId=room, ids=ids)


@situation("project_stream, one reaction")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 1, "👍")
    return _summarise(room, message_id)


@situation("project_stream, reactions with three emoji")
def _(setup: PreparedRooms) -> Operation:
    room, message_id = _reacted(setup, 1, "👍", "🎉", "❤️")
    return _summarise(room, message_id)


def _summarise(room_id: str, message_id: str) -> Operation:
    """What comes of a counter's change."""
    place = ReactionPlace(Room.parse(room_id), message_id).count("👍", 7)
    change = Change({}, place.key, None)
    return lambda ours: ReactionSummaries(ours).project([change], lambda: True)


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


def _described(description: str) -> Callable[[PreparedRooms], Operation]:
    def prepare(setup: PreparedRooms) -> Operation:
        room = setup.room()
        setup.perform("updateRoom", roomId=room, description=description)
        setup.send(room)
        return setup.operation("sendMessage", roomId=room, text="Good morning, everybody.")

    return prepare


for _name, _character in (("Latin letters", "x"), ("Cyrillic letters", "\u0416"), ("emoji", "\U0001f600")):
    _situation = f"sendMessage, in a room with a description of {MAX_DESCRIPTION} {_name}"
    situation(_situation)(_described(_character * MAX_DESCRIPTION))


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


@situation("people, ten of them")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.called()
    return setup.operation("people", 3, roomId=room, ids=setup.users)


@situation("people, ten of them, compared")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.called()
    return setup.operation("people, compared", 3, roomId=room, ids=setup.users)


@situation("searchPeople, in a room of ten")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.called()
    return setup.operation("searchPeople", 3, roomId=room, prefix="person")


@situation("updateMe, a name")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("updateMe", name="Ann")


@situation("updateMe, a picture in place of another")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("updateMe", avatarId=setup.picture())
    return setup.operation("updateMe", avatarId=setup.picture())


@situation("updateRoom, a picture in place of another")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.perform("updateRoom", roomId=room, avatarId=setup.picture(0, room))
    return setup.operation("updateRoom", roomId=room, avatarId=setup.picture(0, room))


@situation("avatar, of a person")
def _(setup: PreparedRooms) -> Operation:
    room, picture = setup.room(), setup.picture()
    setup.perform("updateMe", avatarId=picture)
    return setup.operation("avatar", 3, roomId=room, id=picture)


@situation("avatar, of the room")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    picture = setup.picture(0, room)
    setup.perform("updateRoom", roomId=room, avatarId=picture)
    return setup.operation("avatar", 3, roomId=room, id=picture)


@situation("run_jobs, a name in ten rooms")
def _(setup: PreparedRooms) -> Operation:
    _run_jobs(setup.other)
    setup.ten_rooms()
    setup.perform("updateMe", name="Ann")
    return _run_jobs


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


def _stored(setup: PreparedRooms, message: dict[str, Any]) -> Item:
    """The item of a message."""
    place = in_room(Room.parse(message["roomId"]), keys.message_of(message["id"]) or "")
    item = setup.other.store.tables.get(place)
    assert item
    return item


def _told(ours: Deployment, item: Item) -> None:
    """Have the projection told of a message."""
    change = Change({}, item, event_of(item))
    assert MentionProjection(ours).project([change], lambda: True).failure is None


def _referring(setup: PreparedRooms, room: str, **more: Any) -> dict[str, Any]:
    """A message that answers one and mentions two people, who have been told."""
    given = {"replyTo": setup.send(room)["id"], "mentions": setup.users[2:4], **more}
    message: dict[str, Any] = setup.perform("sendMessage", roomId=room, text="Good morning.", **given)
    _told(setup.other, _stored(setup, message))
    return message


@situation("sendMessage, an answer that mentions two")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    given = {"replyTo": setup.send(room)["id"], "mentions": setup.users[2:4]}
    return setup.operation("sendMessage", roomId=room, text="Good morning.", **given)


@situation("sendMessage, to everybody")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("sendMessage", roomId=setup.room(), text="Good morning.", mentionsAll=True)


@situation("editMessage, that mentions another one")
def _(setup: PreparedRooms) -> Operation:
    message = _referring(setup, setup.room())
    named = {"roomId": message["roomId"], "id": message["id"], "text": message["text"]}
    return setup.operation("editMessage", **named, mentions=setup.users[3:5])


@situation("removeMessage, that mentions two and everybody")
def _(setup: PreparedRooms) -> Operation:
    message = _referring(setup, setup.room(), mentionsAll=True)
    return setup.operation("removeMessage", roomId=message["roomId"], id=message["id"])


@situation("messages, a page of 50 with ten answers to others")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    first = [setup.send(room) for _ in range(10)]
    for _ in range(40):
        setup.send(room)
    for each in first:
        setup.perform("sendMessage", roomId=room, text="Good morning.", replyTo=each["id"])
    return setup.operation("messages", 3, roomId=room, limit=50)


@situation("myMentions, a page of ten")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for number in range(12):
        _referring(setup, room, mentionsAll=number == 0)
    return setup.operation("myMentions", 3, roomId=room, limit=10)


@situation("myMentions, without any")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    setup.send(room)
    return setup.operation("myMentions", 3, roomId=room)


@situation("myRooms, ten rooms with mentions in three of them")
def _(setup: PreparedRooms) -> Operation:
    rooms = setup.ten_rooms(10)
    for number, room in enumerate(rooms[:3]):
        _referring(setup, room, mentionsAll=number == 0)
    return setup.operation("myRooms", 3)


@situation("project_stream, a message that mentions two")
def _(setup: PreparedRooms) -> Operation:
    given = {"text": "Good morning.", "mentions": setup.users[2:4]}
    message = setup.perform("sendMessage", roomId=setup.room(), **given)
    item = _stored(setup, message)
    return lambda ours: _told(ours, item)


@situation("messagesById, ten messages")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    ids = [setup.send(room)["id"] for _ in range(10)]
    return setup.operation("messagesById", 3, roomId=room, ids=ids)


@situation("around, a page of 50")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    sent = [setup.send(room) for _ in range(60)]
    setup.clock.sleep(11)
    return setup.operation("around", 3, roomId=room, id=sent[30]["id"], limit=50)


@situation("pinMessage")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    return setup.operation("pinMessage", roomId=room, id=setup.send(room)["id"])


@situation("unpinMessage")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    message = setup.send(room)
    setup.perform("pinMessage", roomId=room, id=message["id"])
    return setup.operation("unpinMessage", roomId=room, id=message["id"])


@situation("removeMessage, of a pinned one")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    message = setup.send(room)
    setup.perform("pinMessage", roomId=room, id=message["id"])
    return setup.operation("removeMessage", roomId=room, id=message["id"])


@situation("pins, nothing pinned")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("pins", 3, roomId=setup.room())


@situation("pins, ten messages")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    for _ in range(10):
        setup.perform("pinMessage", roomId=room, id=setup.send(room)["id"])
    return setup.operation("pins", 3, roomId=room)


@situation("saveDraft")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("saveDraft", 3, roomId=setup.room(), text="As I was saying")


@situation("setNotifications")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("setNotifications", 3, roomId=setup.room(), level="NONE")


@situation("drafts, a page of ten")
def _(setup: PreparedRooms) -> Operation:
    for room in setup.ten_rooms():
        setup.perform("saveDraft", 1, roomId=room, text="As I was saying")
    return setup.operation("drafts", 1)


@situation("direct, made")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("direct", userId=setup.users[3])


@situation("direct, found")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("direct", userId=setup.users[3])
    return setup.operation("direct", 3, userId=setup.users[0])


@situation("direct, come back")
def _(setup: PreparedRooms) -> Operation:
    room = setup.perform("direct", userId=setup.users[3])["roomId"]
    setup.perform("leaveRoom", roomId=room)
    return setup.operation("direct", userId=setup.users[3])


@situation("createRoom, with two others")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("createRoom", roomId=f"new-{setup.suffix}", name="New", members=setup.users[1:3])


@situation("addMember")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("addMember", roomId=setup.room(count=9), userId=setup.users[9])


@situation("joinRoom")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("joinRoom", 9, roomId=setup.room(count=9, visibility="public"))


@situation("me, with `person`")
def _(setup: PreparedRooms) -> Operation:
    return setup.operation("me, person")


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


@situation("blockUser, of whom one has a direct room with")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("direct", userId=setup.users[3])
    return setup.operation("blockUser", userId=setup.users[3])


@situation("unblockUser, of whom one has a direct room with")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("direct", userId=setup.users[3])
    setup.perform("blockUser", userId=setup.users[3])
    return setup.operation("unblockUser", userId=setup.users[3])


@situation("exportMyData")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    return setup.operation("exportMyData")


@situation("eraseMe")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    return setup.operation("eraseMe")


@situation("requestExport")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    return setup.operation("requestExport", userId=setup.users[3])


@situation("requestErasure")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    return setup.operation("requestErasure", userId=setup.users[3])


@situation("withdrawDataRequest")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    made = setup.perform("exportMyData")
    return setup.operation("withdrawDataRequest", id=made["id"])


@situation("dataRequests, one")
def _(setup: PreparedRooms) -> Operation:
    setup.room()
    setup.perform("exportMyData")
    return setup.operation("dataRequests")


@situation("unblockUser")
def _(setup: PreparedRooms) -> Operation:
    setup.perform("blockUser", userId=setup.users[3])
    return setup.operation("unblockUser", userId=setup.users[3])


@situation("setHold")
def _(setup: PreparedRooms) -> Operation:
    room = setup.room()
    return setup.by("privacy", "setHold", roomId=room, reason="a lawsuit")


@situation("liftHold")
def _(setup: PreparedRooms) -> Operation:
    hold = setup.by("privacy", "setHold", roomId=setup.room(), reason="a lawsuit")(setup.other)
    return setup.by("privacy", "liftHold", id=hold["id"])


@situation("holds")
def _(setup: PreparedRooms) -> Operation:
    return setup.by("privacy", "holds")


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
