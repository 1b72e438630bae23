"""Query.room: a room's name and rules, and the caller's place in it."""

import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.room"
OPEN = {"visibility": "public", "name": "Plaza"}
FAR = 4_102_444_800_000


def test_a_member_sees_the_room_its_head_and_their_own_place(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    (sent,) = stage.send(room, "hi", user="bob")
    assert stage.act(event, writes=[]) == {
        "roomId": room,
        "roomType": "general",
        "guildId": None,
        "name": None,
        "visibility": "PRIVATE",
        "slowModeSeconds": 0,
        "retentionDays": 365,
        "personPerSecond": 1000,
        "personBurst": 1000,
        "roomPerSecond": 1000,
        "roomBurst": 1000,
        "memberCount": 2,
        "head": {"seq": 1, "ts": sent["ts"], "epoch": 1, "rev": 2},
        "me": {"userId": "alice", "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
    }


def test_members_are_counted_only_where_their_number_is_selected(stage: "Stage") -> None:
    event = stage.staged(EVENT)
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
        assert stage.act(event, writes=[])["memberCount"] == count, selection
    del event["info"]["selectionSetGraphQL"]
    assert stage.act(event, writes=[])["memberCount"] == 2


def test_a_guilds_room_names_its_guild(stage: "Stage") -> None:
    answer = stage.act(stage.staged(f"{EVENT}.guild"), writes=[])
    assert (answer["roomType"], f"GUILD#{answer['guildId']}") == ("guild", answer["roomId"])


def test_before_a_public_rooms_door_one_sees_its_rules_alone(stage: "Stage") -> None:
    answer = stage.act(stage.event(EVENT, "carol", roomId=stage.room(settings=OPEN)), writes=[])
    assert (answer["name"], answer["visibility"], answer["memberCount"]) == ("Plaza", "PUBLIC", 2)
    assert (answer["head"], answer["me"]) == (None, None)


def test_who_has_left_a_public_room_stands_before_its_door(stage: "Stage") -> None:
    room = stage.room(settings=OPEN)
    stage.member(room, "bob", status="left")
    answer = stage.act(stage.event(EVENT, "bob", roomId=room), writes=[])
    assert (answer["head"], answer["me"]) == (None, None)


def test_strangers_and_the_banned_hear_that_there_is_no_such_room(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, "carol", roomId=stage.room()), "NotRoomMember")
    stage.refused(stage.event(EVENT, roomId=f"r-{uuid.uuid4()}"), "NotRoomMember")
    public = stage.room(settings=OPEN)
    stage.member(public, "bob", status="banned")
    stage.refused(stage.event(EVENT, "bob", roomId=public), "NotRoomMember")


@pytest.mark.parametrize("settings", [{}, OPEN], ids=["private", "public"])
def test_an_administrator_sees_the_head_of_every_room(stage: "Stage", settings: dict[str, str]) -> None:
    event = stage.event(EVENT, "carol", roomId=stage.room(settings=settings))
    event["identity"]["resolverContext"]["roles"] = "admin"
    answer = stage.act(event, writes=[])
    assert (answer["head"]["epoch"], answer["me"]) == (1, None)


def test_a_mute_is_told_while_it_lasts(stage: "Stage") -> None:
    room = stage.room()
    stage.member(room, "bob", mutedUntil=FAR)
    assert (
        stage.invoke(stage.event(EVENT, "bob", roomId=room))["me"]["mutedUntil"] == "2100-01-01T00:00:00.000Z"
    )
    stage.member(room, "bob", mutedUntil=1)
    assert stage.invoke(stage.event(EVENT, "bob", roomId=room))["me"]["mutedUntil"] is None


def test_a_room_that_is_not_adopted_yet_says_so(stage: "Stage") -> None:
    room = f"r-{uuid.uuid4()}"
    stage.member(room, "bob", status="active")
    stage.refused(stage.event(EVENT, "bob", roomId=room), "NotAllowed", reason="notMigrated")


def test_a_malformed_id_is_named(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, roomId="no room"), "InvalidInput", argument="roomId")
