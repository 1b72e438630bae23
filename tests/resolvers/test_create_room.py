"""Mutation.createRoom: made once, with its people, or refused with nothing made."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.deployment import Deployment
from chat.operations.create_room import create_room
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.storage import keys

if TYPE_CHECKING:
    from tests.resolvers.conftest import Event, Stage

EVENT = "Mutation.createRoom"
MADE = ["HEAD", "IN", "MEMBER", "QUOTA"]
MINUTE_MS = 60_000


def new(kind: str = "p") -> str:
    return f"{kind}-{uuid.uuid4()}"


def asked(stage: "Stage", variant: str = "", user: str | None = None, **arguments: object) -> "Event":
    """An event for a room that is not there, by people who are in no room."""
    event = stage.event(EVENT + variant, user or new())
    if "roomId" in event["arguments"]:
        prefix = "GUILD#" if event["arguments"]["roomId"].startswith("GUILD#") else ""
        event["arguments"]["roomId"] = prefix + new("r")
    if "members" in event["arguments"]:
        event["arguments"]["members"] = [new() for _ in event["arguments"]["members"]]
    event["arguments"].update(arguments)
    return event


def user_of(event: "Event") -> str:
    user: str = event["identity"]["resolverContext"]["userId"]
    return user


def test_a_room_is_answered_with_its_rules_and_stored_with_its_people(stage: "Stage") -> None:
    event = asked(stage)
    owner, room, others = user_of(event), event["arguments"]["roomId"], event["arguments"]["members"]
    answer = stage.act(event, writes=[*MADE, "MEMBER", "MEMBER"])
    assert answer == {
        "roomId": room,
        "roomType": "general",
        "guildId": None,
        "name": "The garden",
        "visibility": "PUBLIC",
        "slowModeSeconds": 0,
        "retentionDays": 365,
        "personPerSecond": 1.0,
        "personBurst": 10,
        "roomPerSecond": 50.0,
        "roomBurst": 100,
        "memberCount": 3,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1},
        "me": {"userId": owner, "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
    }
    assert stage.item(room, "HEAD") == {
        "PK": f"ROOM#{room}", "SK": "HEAD", "type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": 1,
        "name": "The garden", "visibility": "public", "createdBy": owner,
    }  # fmt: skip
    for user, role in ((owner, "owner"), *((other, "member") for other in others)):
        for found in (stage.item(room, f"IN#ROOM#{room}", user), stage.item(room, f"MEMBER#{user}")):
            assert (found["role"], found["status"], found["joinedSeq"]) == (role, "active", 0)
    assert [each["seq"] for each in stage.send(room, "hi", user=others[0])] == [1]


def test_without_an_id_the_server_chooses_one_that_nobody_can_guess(stage: "Stage") -> None:
    event = asked(stage, ".unnamed")
    one, other = stage.act(event, writes=["IN", "QUOTA"]), stage.act(event, writes=["IN", "QUOTA"])
    assert uuid.UUID(one["roomId"]).version == 7
    assert one["roomId"] != other["roomId"]
    assert (one["name"], one["visibility"], one["memberCount"]) == (None, "PRIVATE", 1)


def test_a_guilds_room_is_made_by_administrators_alone(stage: "Stage") -> None:
    event = asked(stage, ".guild")
    answer = stage.act(event, writes=MADE)
    assert (answer["roomType"], answer["visibility"]) == ("guild", "PRIVATE")
    assert answer["guildId"] == event["arguments"]["roomId"].removeprefix("GUILD#")
    assert stage.partition("gg_guild", event["arguments"]["roomId"])
    refused = asked(stage, ".guild")
    refused["identity"]["resolverContext"]["roles"] = ""
    stage.refused(refused, "NotAllowed", reason="role")
    public = asked(stage, ".guild", visibility="PUBLIC")
    stage.refused(public, "InvalidInput", argument="visibility")


def test_made_again_by_its_creator_it_answers_the_room_as_it_is(stage: "Stage") -> None:
    event = asked(stage)
    first = stage.act(event, writes=[*MADE, "MEMBER", "MEMBER"])
    assert stage.act(event, writes=[]) == first
    stage.send(first["roomId"], "hi", user=user_of(event))
    event["arguments"]["name"] = "Another name"
    again = stage.act(event, writes=[])
    assert (again["name"], again["head"]["seq"], again["memberCount"]) == ("The garden", 1, 3)


def test_an_id_that_others_have_is_taken(stage: "Stage") -> None:
    event = asked(stage)
    stage.act(event, writes=[*MADE, "MEMBER", "MEMBER"])
    for user in (event["arguments"]["members"][0], new()):
        stage.refused(
            asked(stage, user=user, roomId=event["arguments"]["roomId"]), "NotAllowed", reason="taken"
        )


@pytest.mark.parametrize("status", ["left", "banned"])
def test_a_creator_who_is_out_gets_no_room_by_making_it_again(stage: "Stage", status: str) -> None:
    event = asked(stage)
    answer = stage.act(event, writes=[*MADE, "MEMBER", "MEMBER"])
    stage.member(answer["roomId"], user_of(event), status=status)
    stage.refused(event, "NotAllowed", reason="taken")


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_a_room_from_before_heads_cannot_be_made_anew_and_read(stage: "Stage", guild: bool) -> None:
    """Its messages lie under the id that somebody asks for."""
    event = asked(stage, ".guild" if guild else "")
    table, room = ("gg_guild" if guild else "gg_core"), event["arguments"]["roomId"]
    partition = room if guild else f"ROOM#{room}"
    old = {"PK": {"S": partition}, "SK": {"S": "MSG#2024-01-01T00:00:00Z#1"}, "text": {"S": "old"}}
    stage.client.put_item(TableName=table, Item=old)
    stage.refused(event, "NotAllowed", reason="taken")


@pytest.mark.parametrize("whose", ["creator", "member"])
def test_a_membership_from_before_heads_is_not_overwritten(stage: "Stage", whose: str) -> None:
    event = asked(stage)
    room = event["arguments"]["roomId"]
    user = user_of(event) if whose == "creator" else event["arguments"]["members"][1]
    old = {"PK": {"S": f"USER#{user}"}, "SK": {"S": f"IN#ROOM#{room}"}, "role": {"S": "moderator"}}
    stage.client.put_item(TableName="gg_core", Item=old)
    stage.refused(event, "NotAllowed", reason="taken")
    assert stage.item(room, "IN#", user)["role"] == "moderator"


def test_somebody_named_twice_and_the_caller_are_in_it_once(stage: "Stage") -> None:
    owner, other = new(), new()
    event = asked(stage, user=owner, members=[other, owner, other])
    assert stage.act(event, writes=[*MADE, "MEMBER"])["memberCount"] == 2
    assert (
        stage.item(event["arguments"]["roomId"], f"IN#ROOM#{event['arguments']['roomId']}", owner)["role"]
        == "owner"
    )


def test_forty_others_are_taken_and_one_more_is_not(stage: "Stage") -> None:
    others = [new() for _ in range(41)]
    stage.refused(asked(stage, members=others), "InvalidInput", argument="members", max=40)
    event = asked(stage, members=others[:40])
    assert stage.act(event, writes=[*MADE, *["MEMBER"] * 40])["memberCount"] == 41


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
        ({"members": ["bob", "no body"]}, {"argument": "members"}),
        ({"members": ["bob", None]}, {"argument": "members"}),
        ({"members": "bob"}, {"argument": "members"}),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_malformed_is_named(
    stage: "Stage", arguments: dict[str, Any], values: dict[str, object]
) -> None:
    stage.refused(asked(stage, **arguments), "InvalidInput", None, **values)


def test_null_is_absent(stage: "Stage") -> None:
    event = asked(stage, roomId=None, name=None, visibility=None, members=None)
    answer = stage.act(event, writes=["IN", "QUOTA"])
    assert (answer["name"], answer["visibility"], answer["memberCount"]) == (None, "PRIVATE", 1)


def test_a_name_is_kept_clean_and_on_one_line(stage: "Stage") -> None:
    event = asked(stage, name=" e\u0301t\u00e9\u0000\n\u202e&\u2066  <b> \u200d", members=[])
    assert stage.act(event, writes=MADE)["name"] == "\u00e9t\u00e9 & <b> \u200d"


def test_ten_rooms_at_once_and_then_one_a_minute(stage: "Stage") -> None:
    """Whatever the table of the room; making one again is none."""
    event = asked(stage, ".unnamed")
    for _ in range(10):
        stage.act(event, writes=["IN", "QUOTA"])
    refusal = stage.act(event, writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert MINUTE_MS - 30_000 < int(refusal.values["retryAfterMs"]) <= MINUTE_MS
    guild = asked(stage, ".guild", user=user_of(event))
    assert stage.act(guild, writes=[]).error_type == "RateLimited"
    tat = stage.item("x", keys.QUOTA, user_of(event))["tat"]
    later = Deployment(stage.deployment.store, now=lambda: tat // 1_000 - 9 * MINUTE_MS)
    assert create_room(later, Caller(user_of(event)), {}, Tally())["memberCount"] == 1


@pytest.mark.parametrize("whose", ["creator", "member"])
def test_nobody_is_put_into_more_than_a_thousand_rooms(stage: "Stage", whose: str) -> None:
    event = asked(stage)
    user = user_of(event) if whose == "creator" else event["arguments"]["members"][1]
    for start in range(0, 1_000, 25):
        stage.client.batch_write_item(
            RequestItems={
                "gg_core": [
                    {"PutRequest": {"Item": {"PK": {"S": f"USER#{user}"}, "SK": {"S": f"IN#ROOM#{number}"}}}}
                    for number in range(start, start + 25)
                ]
            }
        )
    refusal = stage.act(event, writes=[])
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "tooManyRooms", "max": "1000"})
