"""Query.people: what those are called who are or were in a room, for whoever reads it."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from chat.rules.instants import to_wire
from chat.rules.models import Role
from chat.storage import keys
from simulator.settings import TABLES
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin

EVENT = "Query.people"
UNKNOWN = {"name": None, "avatarUrl": None, "avatarId": None, "updatedAt": None}
NAMES = [
    "أحمد الزهراني", "דוד בן־גוריון", "प्रिया शर्मा", "\uf9f4\u6728", "สมชาย ใจดี", "👩\u200d💻 Dev", "Zoe\u0308\u0301",
]  # fmt: skip


def new() -> str:
    return f"p-{uuid.uuid4()}"


def called(harness: Harness, user: str, **profile: str | int) -> str:
    """Somebody with this profile."""
    for name, value in {"type": "Profile", "tat": 1, **profile}.items():
        harness.client.update_item(
            TableName=TABLES["CORE_TABLE"],
            Key={"PK": {"S": keys.user_partition(user)}, "SK": {"S": "CHATPROFILE"}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={
                ":value": {"S": value} if isinstance(value, str) else {"N": str(value)}
            },
        )
    return user


def asked(harness: Harness, room: str, user: str, *ids: str, compare: bool = False) -> list[dict[str, Any]]:
    event = harness.event(EVENT if compare else f"{EVENT}.plain", user, roomId=room, ids=[*ids])
    found: list[dict[str, Any]] = harness.run(event, writes=[])
    return found


def test_people_of_the_room_are_answered_in_the_order_of_the_ids(harness: Harness) -> None:
    ann, bob = called(harness, new(), name="Ann", avatarUrl="https://a.example/a", updatedAt=5), new()
    room = harness.room({ann: "owner", bob: "member"})
    assert asked(harness, room, ann, bob, ann, bob) == [
        {"userId": bob, **UNKNOWN, "isConfusable": None},
        {
            "userId": ann,
            "name": "Ann",
            "avatarUrl": "https://a.example/a",
            "avatarId": None,
            "updatedAt": to_wire(5),
            "isConfusable": None,
        },
    ]
    assert asked(harness, room, ann) == []


def test_strangers_and_nobodies_are_left_out_alike(harness: Harness) -> None:
    ann, stranger = new(), called(harness, new(), name="Eve")
    room = harness.room({ann: "owner"})
    harness.room({stranger: "owner", ann: "member"})
    assert [each["userId"] for each in asked(harness, room, ann, stranger, new(), ann)] == [ann]


@pytest.mark.parametrize(
    ("membership", "shown"),
    [
        ({"status": "left"}, True),
        ({"status": "left", "invitationEnded": 1}, False),
        ({"status": "left", "invitationEnded": 1, "lastSentSeq": 3}, True),
        ({"status": "banned"}, False),
        ({"status": "banned", "endedEpoch": 1}, True),
        ({"status": "banned", "lastSentSeq": 3}, True),
        ({"status": "invited"}, False),
        ({"status": "invited", "lastSentSeq": 3}, True),
    ],
    ids=str,
)
def test_who_was_there_is_answered_and_who_never_came_is_not(
    harness: Harness, membership: Mapping[str, str | int], shown: bool
) -> None:
    ann, other = new(), called(harness, new(), name="Bob")
    room = harness.room({ann: "owner", other: "member"})
    harness.member(room, other, **membership)
    assert [each["name"] for each in asked(harness, room, ann, other)] == (["Bob"] if shown else [])


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_a_profile_is_one_for_all_rooms(harness: Harness, guild: bool) -> None:
    ann = called(harness, new(), name="Ann")
    room = harness.room({ann: "owner"}, guild=guild)
    assert asked(harness, room, ann, ann)[0]["name"] == "Ann"


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_answered_as_it_is_stored(harness: Harness, name: str) -> None:
    ann = called(harness, new(), name=name)
    assert asked(harness, harness.room({ann: "owner"}), ann, ann)[0]["name"] == name


def test_a_hundred_people_are_answered(harness: Harness) -> None:
    ann = new()
    room = harness.room({ann: "owner"})
    ids = [f"{ann}-{number}" for number in range(99)]
    for each in ids:
        harness.member(room, each, role="member", status="active")
    assert [each["userId"] for each in asked(harness, room, ann, *ids, ann)] == [*ids, ann]


@pytest.mark.parametrize(
    "ids",
    [None, "alice", {}, [""], ["a\n"], ["\ud800"], [7], [None], ["x" * 129], ["a"] * 101],
    ids=lambda ids: repr(ids)[:20],
)
def test_ids_that_name_nobody_are_refused(harness: Harness, ids: object) -> None:
    event = harness.event(f"{EVENT}.malformed-id", roomId=harness.room())
    event["arguments"]["ids"] = ids
    harness.refused(event, "InvalidInput", argument="ids", max=100)


def test_only_who_may_read_the_room_is_answered(harness: Harness) -> None:
    ann = called(harness, new(), name="Ann")
    room = harness.room({ann: "owner"}, settings={"visibility": "public"})
    harness.refused(harness.event(f"{EVENT}.not-member", "carol", roomId=room, ids=[ann]), "NotRoomMember")
    harness.refused(harness.event(EVENT, ann, roomId="no-such-room", ids=[ann]), "NotRoomMember")
    harness.refused(harness.event(EVENT, ann, roomId="a b", ids=[ann]), "InvalidInput", argument="roomId")
    harness.member(room, "carol", status="banned")
    harness.refused(harness.event(EVENT, "carol", roomId=room, ids=[ann]), "NotRoomMember")
    harness.member(room, "bob", status="invited")
    harness.refused(harness.event(EVENT, "bob", roomId=room, ids=[ann]), "NotRoomMember")
    (found,) = harness.invoke(as_admin(harness.event(EVENT, "carla", roomId=room, ids=[ann])))
    assert found["name"] == "Ann"


def marks(harness: Harness, room: str, user: str, *ids: str) -> list[bool]:
    return [each["isConfusable"] for each in asked(harness, room, user, *ids, compare=True)]


def test_names_that_look_alike_are_marked_where_that_is_selected(harness: Harness) -> None:
    ann, other, third = (called(harness, new(), name=name) for name in ("Alice", "\u0410lice", "Bob"))
    room = harness.room({ann: "owner", other: "member", third: "member"})
    assert marks(harness, room, ann, ann, other, third) == [True, True, False]
    assert {each["isConfusable"] for each in asked(harness, room, ann, ann, other)} == {None}


def test_a_name_is_compared_with_everybody_in_a_small_room(harness: Harness) -> None:
    ann, other = called(harness, new(), name="Alice"), called(harness, new(), name="AIice")
    room = harness.room({ann: "owner", other: "member"})
    assert marks(harness, room, ann, other) == [True]


def test_a_name_that_looks_like_anothers_id_is_marked(harness: Harness) -> None:
    ann = new()
    other = called(harness, new(), name=ann.replace("p", "\u0440"))
    room = harness.room({ann: "owner", other: "member"})
    assert marks(harness, room, ann, ann, other) == [True, True]


@pytest.mark.parametrize(("role", "marked"), [("owner", True), ("moderator", True), ("member", False)])
def test_in_a_large_room_it_is_compared_with_owners_and_moderators(
    harness: Harness, role: Role, marked: bool
) -> None:
    ann, boss, fake = new(), called(harness, new(), name="Alice"), called(harness, new(), name="\u0410lice")
    room = harness.room({ann: "owner", boss: role, fake: "member"})
    harness.roster(room, *(f"{ann}-{number}" for number in range(100)))
    assert marks(harness, room, ann, fake) == [marked]
    assert marks(harness, room, ann, fake, boss) == [True, True]
