"""Query.room: a room's name and rules, and the caller's place in it."""

import uuid

import pytest

from tests.resolvers.harness import Harness

EVENT = "Query.room"
OPEN = {"visibility": "public", "name": "Plaza"}
FAR = 4_102_444_800_000


def test_a_member_sees_the_room_its_head_and_their_own_place(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    (sent,) = harness.send(room, "hi", user="bob")
    assert harness.run(event, writes=[]) == {
        "roomId": room,
        "roomType": "general",
        "guildId": None,
        "name": None,
        "description": None,
        "avatarUrl": None,
        "avatarId": None,
        "visibility": "PRIVATE",
        "historyFrom": "BEGINNING",
        "archivedAt": None,
        "directWith": None,
        "historyRev": 0,
        "slowModeSeconds": 0,
        "retentionDays": 365,
        "personPerSecond": 1000,
        "personBurst": 1000,
        "roomPerSecond": 1000,
        "roomBurst": 1000,
        "memberCount": 2,
        "head": {"seq": 1, "ts": sent["ts"], "epoch": 1, "rev": 2, "pinsRev": 0},
        "me": {"userId": "alice", "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
    }


def test_members_are_counted_only_where_their_number_is_selected(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    counts = {
        "{ roomId }": None,
        "{ me { role } head { seq } }": None,
        "{ memberCount }": 2,
        "{ many: memberCount }": 2,
        "{ ... on Room { memberCount } }": 2,
        "{ ...Whole }": 2,
        "{ roomId # memberCount\n }": None,
    }
    for selection, count in counts.items():
        event["info"]["selectionSetGraphQL"] = selection
        assert harness.run(event, writes=[])["memberCount"] == count, selection
    del event["info"]["selectionSetGraphQL"]
    assert harness.run(event, writes=[])["memberCount"] == 2


def test_a_guilds_room_names_its_guild(harness: Harness) -> None:
    answer = harness.run(harness.prepared(f"{EVENT}.guild"), writes=[])
    assert (answer["roomType"], f"GUILD#{answer['guildId']}") == ("guild", answer["roomId"])


def test_before_a_public_rooms_door_one_sees_its_rules_alone(harness: Harness) -> None:
    answer = harness.run(harness.event(EVENT, "carol", roomId=harness.room(settings=OPEN)), writes=[])
    assert (answer["name"], answer["visibility"], answer["memberCount"]) == ("Plaza", "PUBLIC", 2)
    assert (answer["head"], answer["me"]) == (None, None)


def test_who_has_left_a_public_room_stands_before_its_door(harness: Harness) -> None:
    room = harness.room(settings=OPEN)
    harness.member(room, "bob", status="left")
    answer = harness.run(harness.event(EVENT, "bob", roomId=room), writes=[])
    assert (answer["head"], answer["me"]) == (None, None)


def test_strangers_and_the_banned_are_refused_as_without_a_room(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, "carol", roomId=harness.room()), "NotRoomMember")
    harness.refused(harness.event(EVENT, roomId=f"r-{uuid.uuid4()}"), "NotRoomMember")
    public = harness.room(settings=OPEN)
    harness.member(public, "bob", status="banned")
    harness.refused(harness.event(EVENT, "bob", roomId=public), "NotRoomMember")


@pytest.mark.parametrize("settings", [{}, OPEN], ids=["private", "public"])
def test_an_administrator_sees_the_head_of_every_room(harness: Harness, settings: dict[str, str]) -> None:
    event = harness.event(EVENT, "carol", roomId=harness.room(settings=settings))
    event["identity"]["resolverContext"]["roles"] = "admin"
    answer = harness.run(event, writes=[])
    assert (answer["head"]["epoch"], answer["me"]) == (1, None)


def test_a_mute_is_shown_while_it_lasts(harness: Harness) -> None:
    room = harness.room()
    harness.member(room, "bob", mutedUntil=FAR)
    assert (
        harness.invoke(harness.event(EVENT, "bob", roomId=room))["me"]["mutedUntil"]
        == "2100-01-01T00:00:00.000Z"
    )
    harness.member(room, "bob", mutedUntil=1)
    assert harness.invoke(harness.event(EVENT, "bob", roomId=room))["me"]["mutedUntil"] is None


def test_a_room_that_is_not_adopted_yet_says_so(harness: Harness) -> None:
    room = f"r-{uuid.uuid4()}"
    harness.member(room, "bob", status="active")
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotAllowed", reason="notMigrated")


def test_a_malformed_id_is_named(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId="no room"), "InvalidInput", argument="roomId")
