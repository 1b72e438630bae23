"""Mutation.createRoom: made once, with its members, or refused with nothing made."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.create_room import create_room
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.quota import MAX_ROOMS, ROOMS
from chat.storage import keys
from tests.resolvers.harness import Event, Harness
from tests.resolvers.memberships import as_admin

EVENT = "Mutation.createRoom"
MADE = ["EVT", "HEAD", "IN", "MEMBER", "QUOTA"]
MINUTE_MS = 60_000


def new(kind: str = "p") -> str:
    return f"{kind}-{uuid.uuid4()}"


def creation(harness: Harness, variant: str = "", user: str | None = None, **arguments: object) -> Event:
    """An event for a room that is not there, by users who are in no room."""
    event = harness.event(EVENT + variant, user or new())
    if "roomId" in event["arguments"]:
        prefix = "GUILD#" if event["arguments"]["roomId"].startswith("GUILD#") else ""
        event["arguments"]["roomId"] = prefix + new("r")
    if "members" in event["arguments"]:
        event["arguments"]["members"] = [new() for _ in event["arguments"]["members"]]
    event["arguments"].update(arguments)
    return event


def taken(harness: Harness, event: Event) -> None:
    """It is refused as taken, and charged as making a room is."""
    refusal = harness.run(event, writes=["QUOTA"])
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "taken"})


def user_of(event: Event) -> str:
    user: str = event["identity"]["resolverContext"]["userId"]
    return user


def test_a_room_is_answered_with_its_rules_and_stored_with_its_members(harness: Harness) -> None:
    event = creation(harness)
    owner, room, others = user_of(event), event["arguments"]["roomId"], event["arguments"]["members"]
    answer = harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    assert answer == {
        "roomId": room,
        "roomType": "general",
        "guildId": None,
        "name": "The garden",
        "description": None,
        "avatarUrl": None,
        "avatarId": None,
        "visibility": "PUBLIC",
        "historyFrom": "BEGINNING",
        "archivedAt": None,
        "directWith": None,
        "historyRev": 0,
        "slowModeSeconds": 0,
        "retentionDays": 365,
        "personPerSecond": 1.0,
        "personBurst": 10,
        "roomPerSecond": 50.0,
        "roomBurst": 100,
        "memberCount": 3,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1, "pinsRev": 0},
        "me": {"userId": owner, "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
    }
    assert harness.item(room, "HEAD") == {
        "PK": f"ROOM#{room}", "SK": "HEAD", "type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": 1,
        "name": "The garden", "visibility": "public", "createdBy": owner,
    }  # fmt: skip
    for user, role in ((owner, "owner"), *((other, "member") for other in others)):
        for found in (harness.item(room, f"IN#ROOM#{room}", user), harness.item(room, f"MEMBER#{user}")):
            assert (found["role"], found["status"], found["joinedSeq"]) == (role, "active", 0)
    assert [each["seq"] for each in harness.send(room, "hi", user=others[0])] == [1]


def test_without_an_id_the_server_chooses_one_that_nobody_can_guess(harness: Harness) -> None:
    event = creation(harness, ".unnamed")
    one, other = harness.run(event, writes=["IN", "QUOTA"]), harness.run(event, writes=["IN", "QUOTA"])
    assert uuid.UUID(one["roomId"]).version == 7
    assert one["roomId"] != other["roomId"]
    assert (one["name"], one["visibility"], one["memberCount"]) == (None, "PRIVATE", 1)


def test_a_guilds_room_is_made_by_administrators_alone(harness: Harness) -> None:
    event = creation(harness, ".guild")
    answer = harness.run(event, writes=MADE)
    assert (answer["roomType"], answer["visibility"]) == ("guild", "PRIVATE")
    assert answer["guildId"] == event["arguments"]["roomId"].removeprefix("GUILD#")
    assert harness.partition("gg_guild", event["arguments"]["roomId"])
    refused = creation(harness, ".guild")
    refused["identity"]["resolverContext"]["roles"] = ""
    harness.refused(refused, "NotAllowed", reason="role")
    public = creation(harness, ".guild", visibility="PUBLIC")
    harness.refused(public, "InvalidInput", argument="visibility")


def test_made_again_by_its_creator_it_answers_the_room_as_it_is(harness: Harness) -> None:
    event = creation(harness)
    first = harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    assert harness.run(event, writes=[]) == first
    harness.send(first["roomId"], "hi", user=user_of(event))
    event["arguments"]["name"] = "Another name"
    again = harness.run(event, writes=[])
    assert (again["name"], again["head"]["seq"], again["memberCount"]) == ("The garden", 1, 3)


def test_an_id_that_others_have_is_taken(harness: Harness) -> None:
    event = creation(harness)
    harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    for user in (event["arguments"]["members"][0], new()):
        taken(harness, creation(harness, user=user, roomId=event["arguments"]["roomId"]))


@pytest.mark.parametrize("how", ["room", "messages", "membership", "too many rooms"])
def test_asking_whether_an_id_is_taken_is_as_limited_as_making_rooms(harness: Harness, how: str) -> None:
    event, user = creation(harness), new()
    room, guest = event["arguments"]["roomId"], event["arguments"]["members"][0]
    if how == "room":
        harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    elif how == "messages":
        harness.change(room, f"ROOM#{room}", "MSG#2024-01-01T00:00:00Z#1", text="old")
    elif how == "membership":
        harness.change(room, f"USER#{guest}", f"IN#ROOM#{room}", role="moderator")
    else:
        in_a_thousand_rooms(harness, guest)
    reason = "cannotBeAdded" if how == "too many rooms" else "taken"
    for _ in range(10):
        refusal = harness.run(creation(harness, user=user, roomId=room, members=[guest]), writes=["QUOTA"])
        assert (refusal.error_type, refusal.values["reason"]) == ("NotAllowed", reason)
    for other in (room, new("r")):
        refusal = harness.run(creation(harness, user=user, roomId=other, members=[guest]), writes=[])
        assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")


def test_a_creator_may_make_a_room_again_whatever_they_made_before(harness: Harness) -> None:
    event = creation(harness)
    first = harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    for _ in range(9):
        harness.run(creation(harness, ".unnamed", user=user_of(event)), writes=["IN", "QUOTA"])
    assert harness.run(event, writes=[]) == first


def in_a_thousand_rooms(harness: Harness, user: str, rate: str = "addedTat") -> None:
    full = harness.deployment.now() * 1_000 + MAX_ROOMS * ROOMS.step
    harness.change("x", keys.user_partition(user), keys.QUOTA, **{rate: full})


@pytest.mark.parametrize("status", ["left", "banned"])
def test_a_creator_who_is_out_gets_no_room_by_making_it_again(harness: Harness, status: str) -> None:
    event = creation(harness)
    answer = harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    harness.member(answer["roomId"], user_of(event), status=status)
    taken(harness, event)


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_a_room_from_before_heads_cannot_be_made_anew_and_read(harness: Harness, guild: bool) -> None:
    """Its messages lie under the id that is requested."""
    event = creation(harness, ".guild" if guild else "")
    table, room = ("gg_guild" if guild else "gg_core"), event["arguments"]["roomId"]
    partition = room if guild else f"ROOM#{room}"
    old = {"PK": {"S": partition}, "SK": {"S": "MSG#2024-01-01T00:00:00Z#1"}, "text": {"S": "old"}}
    harness.client.put_item(TableName=table, Item=old)
    taken(harness, event)


@pytest.mark.parametrize("whose", ["creator", "member"])
def test_a_membership_from_before_heads_is_not_overwritten(harness: Harness, whose: str) -> None:
    event = creation(harness)
    room = event["arguments"]["roomId"]
    user = user_of(event) if whose == "creator" else event["arguments"]["members"][1]
    old = {"PK": {"S": f"USER#{user}"}, "SK": {"S": f"IN#ROOM#{room}"}, "role": {"S": "moderator"}}
    harness.client.put_item(TableName="gg_core", Item=old)
    taken(harness, event)
    assert harness.item(room, "IN#", user)["role"] == "moderator"


def test_somebody_named_twice_and_the_caller_are_in_it_once(harness: Harness) -> None:
    owner, other = new(), new()
    event = creation(harness, user=owner, members=[other, owner, other])
    assert harness.run(event, writes=[*MADE, "MEMBER"])["memberCount"] == 2
    assert (
        harness.item(event["arguments"]["roomId"], f"IN#ROOM#{event['arguments']['roomId']}", owner)["role"]
        == "owner"
    )


def test_forty_others_are_taken_and_one_more_is_not(harness: Harness) -> None:
    others = [new() for _ in range(41)]
    harness.refused(creation(harness, members=others), "InvalidInput", argument="members", max=40)
    event = creation(harness, user=new(), members=others[:40])
    assert harness.run(event, writes=[*MADE, *["MEMBER"] * 40])["memberCount"] == 41


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ({"roomId": "GUILD#"}, {"argument": "roomId"}),
        ({"roomId": "no room"}, {"argument": "roomId"}),
        ({"name": ""}, {"argument": "name", "max": 100}),
        ({"name": " \u202e\u2066 "}, {"argument": "name", "max": 100}),
        ({"name": "x" * 101}, {"argument": "name", "max": 100}),
        ({"name": "\ud800"}, {"argument": "name", "max": 100}),
        ({"visibility": "SECRET"}, {"argument": "visibility"}),
        ({"historyFrom": "joining"}, {"argument": "historyFrom"}),
        ({"members": ["bob", "no\x00body"]}, {"argument": "members"}),
        ({"members": ["bob", None]}, {"argument": "members"}),
        ({"members": "bob"}, {"argument": "members"}),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_malformed_is_named(
    harness: Harness, arguments: dict[str, Any], values: dict[str, object]
) -> None:
    harness.refused(creation(harness, **arguments), "InvalidInput", None, **values)


def test_null_is_absent(harness: Harness) -> None:
    event = creation(harness, roomId=None, name=None, visibility=None, members=None)
    answer = harness.run(event, writes=["IN", "QUOTA"])
    assert (answer["name"], answer["visibility"], answer["memberCount"]) == (None, "PRIVATE", 1)


def test_a_name_is_kept_clean_and_on_one_line(harness: Harness) -> None:
    event = creation(harness, name=" e\u0301t\u00e9\u0000\n\u202e&\u2066  <b> \u200d", members=[])
    assert harness.run(event, writes=MADE)["name"] == "\u00e9t\u00e9 & <b> \u200d"


def test_ten_rooms_at_once_and_then_one_a_minute(harness: Harness) -> None:
    """Whatever the table of the room; making one again is none."""
    event = creation(harness, ".unnamed")
    for _ in range(10):
        harness.run(event, writes=["IN", "QUOTA"])
    refusal = harness.run(event, writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert MINUTE_MS - 30_000 < int(refusal.values["retryAfterMs"]) <= MINUTE_MS
    guild = creation(harness, ".guild", user=user_of(event))
    assert harness.run(guild, writes=[]).error_type == "RateLimited"
    tat = harness.item("x", keys.QUOTA, user_of(event))["tat"]
    later = Deployment(harness.deployment.store, now=lambda: tat // 1_000 - 9 * MINUTE_MS)
    assert create_room(later, Caller(user_of(event)), {}, Tally())["memberCount"] == 1


def test_nobody_makes_more_than_a_thousand_rooms_or_is_put_into_more(harness: Harness) -> None:
    event = creation(harness)
    in_a_thousand_rooms(harness, user_of(event), "ownTat")
    refusal = harness.run(event, writes=["QUOTA"])
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "tooManyRooms", "max": "1000"})
    event = creation(harness)
    in_a_thousand_rooms(harness, event["arguments"]["members"][1])
    refusal = harness.run(event, writes=["QUOTA"])
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "cannotBeAdded"})


def test_who_is_put_into_a_room_has_it_counted_apart_from_their_own(harness: Harness) -> None:
    event = creation(harness)
    harness.run(event, writes=[*MADE, "MEMBER", "MEMBER"])
    mine, theirs = (
        harness.item("x", keys.QUOTA, user) for user in (user_of(event), event["arguments"]["members"][0])
    )
    assert {"tat", "ownTat", "addTat"} <= mine.keys()
    assert "addedTat" not in mine
    assert {"addedTat"} == {name for name in theirs if name.lower().endswith("tat")}


def test_the_others_of_a_new_room_are_strangers_whose_number_in_an_hour_is_limited(harness: Harness) -> None:
    user = new()
    for _ in range(2):
        event = creation(harness, user=user, members=[new() for _ in range(40)])
        harness.run(event, writes=[*MADE, *["MEMBER"] * 40])
    refusal = harness.run(creation(harness, user=user, members=[new() for _ in range(21)]), writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 36_000
    taken_id = harness.run(
        creation(harness, user=user, members=[new() for _ in range(21)], roomId="lobby"), writes=[]
    )
    assert taken_id.error_type == "RateLimited"
    harness.run(
        creation(harness, user=user, members=[new() for _ in range(20)]), writes=[*MADE, *["MEMBER"] * 20]
    )
    crowd = creation(harness, user=user, members=[new() for _ in range(40)])
    assert harness.run(as_admin(crowd), writes=[*MADE, *["MEMBER"] * 40])["memberCount"] == 41


def test_a_room_shows_its_history_as_its_maker_says_or_else_the_deployment(harness: Harness) -> None:
    made = harness.invoke(creation(harness, historyFrom="JOINING"))
    assert made["historyFrom"] == "JOINING"
    assert harness.item(made["roomId"], "HEAD")["historyFrom"] == "joining"
    hiding = replace(harness.deployment, history_from="joining")
    for asked, shown in ((None, "JOINING"), ("BEGINNING", "BEGINNING"), ("JOINING", "JOINING")):
        arguments = {"roomId": f"r-{uuid.uuid4()}", "historyFrom": asked}
        answer = create_room(hiding, Caller(f"maker-{uuid.uuid4()}"), arguments, Tally())
        assert answer["historyFrom"] == shown
