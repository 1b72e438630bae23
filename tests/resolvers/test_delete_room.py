"""Mutation.deleteRoom: the room ends for everybody at once, and what everybody is told from then on."""

from typing import Any

import pytest

from tests.guarantees.support.fixtures import FAST
from tests.resolvers.harness import DRAGONS, Event, Harness, Refusal
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, notice

EVENT = "Mutation.deleteRoom"
ROOM_ALONE: dict[str, dict[str, Any]] = {
    "Query.messages": {},
    "Query.changes": {"since": 0, "after": None},
    "Query.room": {},
    "Query.members": {},
    "Query.receipts": {},
    "Query.presence": {},
    "Query.delivery": {},
    "Mutation.sendMessage": {},
    "Mutation.updateRoom": {"name": "Again"},
    "Mutation.addMember": {"userId": "dave"},
    "Mutation.removeMember": {"userId": "bob"},
    "Mutation.banMember": {"userId": "bob"},
    "Mutation.unbanMember": {"userId": "bob"},
    "Mutation.muteMember": {"userId": "bob"},
    "Mutation.setRole": {"userId": "bob", "role": "OWNER"},
    "Mutation.joinRoom": {},
    "Mutation.leaveRoom": {},
    "Mutation.typing": {},
    "Mutation.createUpload": {},
    "Mutation.markRead": {"seq": 1},
    "Mutation.markDelivered": {"seq": 1},
    "Subscription.onMessage": {"epoch": 2},
    "Subscription.onReceipt": {"epoch": 2},
    "Subscription.onTyping": {"epoch": 2},
}
"""Fields that name a room, with the arguments that its event has not."""


def ended(harness: Harness, **settings: Any) -> str:
    """A room of the crowd, with a message, that alice has ended."""
    room = harness.room(EVERY_ROLE, settings=FAST | settings)
    harness.send(room, "before the end")
    assert not isinstance(harness.invoke(harness.event(EVENT, "alice", roomId=room)), Refusal)
    return room


def test_an_owner_ends_a_room_and_its_last_event_is_answered(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=["EVT", "HEAD"])
    told = {"kind": "ROOM_DELETED", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **told)
    item = harness.item(room, "HEAD")
    assert (item["rev"], item["epoch"], item["endedBy"]) == (2, 2, "alice")
    assert item["endedAt"] == item["partedAt"] > 0


def test_its_removal_is_set_up_with_its_end(harness: Harness) -> None:
    for room in (ended(harness), ended_guild(harness)):
        table = "gg_guild" if room.startswith("GUILD#") else "gg_core"
        jobs = {item["SK"]["S"]: item for item in harness.partition(table, "JOBS")}
        job = jobs[f"REMOVE_ROOM#{room}"]
        assert (job["kind"]["S"], job["subject"]["S"], job["step"]["S"]) == ("REMOVE_ROOM", room, "files")


def ended_guild(harness: Harness) -> str:
    room = harness.room(DRAGONS, guild=True)
    assert not isinstance(harness.invoke(as_admin(harness.event(EVENT, "root", roomId=room))), Refusal)
    return room


def test_a_repeat_tells_the_end_again_and_changes_nothing(harness: Harness) -> None:
    room = ended(harness)
    again = harness.run(harness.event(EVENT, "alice", roomId=room), writes=[])
    assert again == notice(again, room, "alice", 1, kind="ROOM_DELETED", nextEpoch=2)


@pytest.mark.parametrize("actor", ["anna", "mona", "bob", "mallory", "root"])
def test_for_all_others_there_is_no_such_room_any_more(harness: Harness, actor: str) -> None:
    event = harness.event(EVENT, actor, roomId=ended(harness))
    harness.refused(as_admin(event) if actor == "root" else event, "NotRoomMember")


@pytest.fixture(scope="module", params=["private", "public"])
def gone(harness: Harness, request: pytest.FixtureRequest) -> str:
    """A room that has ended. Who is refused changes nothing, so one serves all fields."""
    return ended(harness, visibility=request.param)


@pytest.mark.parametrize("name", ROOM_ALONE)
def test_every_field_answers_as_for_no_such_room(harness: Harness, gone: str, name: str) -> None:
    for actor in ("anna", "bob", "mallory", "root"):
        event = harness.event(name, actor, **ROOM_ALONE[name])
        absent = harness.invoke(named(event, "no-such-room", actor))
        assert harness.refused(named(event, gone, actor), "NotRoomMember") == absent


def named(event: Event, room: str, actor: str) -> Event:
    named: Event = {**event, "arguments": {**event["arguments"], "roomId": room}}
    if "clientMessageId" in named["arguments"]:
        named["arguments"]["clientMessageId"] = f"after-{actor}"
    return as_admin(named) if actor == "root" else named


def test_its_messages_can_be_neither_edited_nor_removed(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    (message,) = harness.send(room, "before the end")
    harness.invoke(harness.event(EVENT, "anna", roomId=room))
    for name in ("Mutation.editMessage", "Mutation.removeMessage"):
        event = harness.event(name, "alice", roomId=room, id=message["id"])
        event["arguments"].pop("ts", None)
        harness.refused(event, "NotRoomMember")


def test_a_send_that_is_repeated_after_the_end_gets_nothing(harness: Harness) -> None:
    """This process remembers the room, the member and the send."""
    room = harness.room()
    event = harness.event("Mutation.sendMessage", "bob", roomId=room, clientMessageId="once")
    assert not isinstance(harness.invoke(event), Refusal)
    harness.invoke(harness.event(EVENT, "alice", roomId=room))
    harness.refused(event, "NotRoomMember")


def test_who_lists_rooms_does_not_find_it_and_the_others_are_there(harness: Harness) -> None:
    room, other = ended(harness), harness.room(EVERY_ROLE)
    rooms = listed(harness, "bob")
    assert other in rooms
    assert room not in rooms


def listed(harness: Harness, user: str) -> set[str]:
    rooms: set[str] = set()
    token = None
    while True:
        page = harness.invoke(harness.event("Query.myRooms", user, nextToken=token))
        rooms |= {each["room"]["roomId"] for each in page["items"]}
        token = page["nextToken"]
        if token is None:
            return rooms


def test_a_heartbeat_and_sync_say_left(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "zoe-of-rooms": "member"})
    harness.send(room, "before the end")
    synced = harness.invoke(harness.event("Query.sync", "zoe-of-rooms", since=None))
    while synced["more"]:
        synced = harness.invoke(harness.event("Query.sync", "zoe-of-rooms", since=synced["token"]))
    harness.invoke(harness.event(EVENT, "alice", roomId=room))
    after = harness.invoke(harness.event("Query.sync", "zoe-of-rooms", since=synced["token"]))
    (found,) = [each for each in after["rooms"] if each["roomId"] == room]
    assert found == {
        "roomId": room,
        "head": None,
        "room": None,
        "messages": [],
        "unread": None,
        "unreadMentions": None,
        "reset": False,
        "erased": [],
        "left": True,
        "more": False,
    }
    again = harness.invoke(harness.event("Query.sync", "zoe-of-rooms", since=after["token"]))
    assert room not in {each["roomId"] for each in again["rooms"]}
    heartbeat = harness.event(
        "Mutation.heartbeat", "zoe-of-rooms", watching=room, rooms=[{"roomId": room, "seq": 1}]
    )
    answer = harness.run(heartbeat, writes=["PRESENCE"])
    assert answer["rooms"] == [
        {
            "roomId": room,
            "seq": None,
            "rev": None,
            "epoch": None,
            "unread": None,
            "unreadMentions": None,
            "left": True,
        }
    ]


def test_its_id_stays_taken(harness: Harness) -> None:
    room = f"{harness.room()}-mine"
    making = harness.event("Mutation.createRoom", "founder-of-one", roomId=room, members=[])
    assert not isinstance(harness.invoke(making), Refusal)
    harness.invoke(harness.event(EVENT, "founder-of-one", roomId=room))
    for event in (making, harness.event("Mutation.createRoom", "bob", roomId=room)):
        refusal = harness.run(event, writes=["QUOTA"])
        assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "taken"})


def test_an_administrator_ends_any_room(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    answer = harness.run(as_admin(harness.event(EVENT, "root", roomId=room)), writes=["EVT", "HEAD"])
    assert answer == notice(answer, room, "root", 1, kind="ROOM_DELETED", nextEpoch=2, rev=2)


@pytest.mark.parametrize("actor", ["mona", "bob"])
def test_moderators_and_members_may_not(harness: Harness, actor: str) -> None:
    harness.refused(harness.event(EVENT, actor, roomId=harness.room(EVERY_ROLE)), "NotAllowed", reason="role")


def test_a_guilds_room_is_not_its_owners_to_end(harness: Harness) -> None:
    room = harness.room(DRAGONS, guild=True)
    harness.refused(harness.event(EVENT, "alice", roomId=room), "NotAllowed", reason="role")
    answer = harness.run(as_admin(harness.event(EVENT, "alice", roomId=room)), writes=["EVT", "HEAD"])
    assert answer["notice"]["kind"] == "ROOM_DELETED"


def test_strangers_hear_of_no_room(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, "mallory", roomId=harness.room()), "NotRoomMember")
    harness.refused(harness.event(EVENT, "alice", roomId="no-such-room"), "NotRoomMember")
    harness.refused(as_admin(harness.event(EVENT, "root", roomId="no-such-room")), "NotRoomMember")


def test_what_is_no_room_id_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")


def test_owners_need_not_be_counted_for_it(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, "alice", roomId=room), writes=["EVT", "HEAD"])
    assert head(harness, room) == (2, 2, 2)
