"""Query.searchPeople: people of a room by how their names begin."""

import uuid
from typing import Any

import pytest

from chat.rules.name_search import folded
from chat.rules.rooms import Room
from chat.storage import keys
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin
from tests.resolvers.test_people import called

EVENT = "Query.searchPeople"
LARGE = 101


def new() -> str:
    return f"p-{uuid.uuid4()}"


def found(harness: Harness, room: str, user: str, prefix: str, limit: int | None = 20) -> list[str]:
    made = harness.event(EVENT, user, roomId=room, prefix=prefix, limit=limit)
    answer: list[dict[str, Any]] = harness.run(made, writes=[])
    return [each["userId"] for each in answer]


def enlarged(harness: Harness, *users: str) -> str:
    """A room of more people than are looked at one by one, these among them, whose names are in its index."""
    room = harness.room({users[0]: "owner", **dict.fromkeys(users[1:], "member")})
    harness.roster(room, *(f"{users[0]}~{number:03d}" for number in range(LARGE)))
    return room


def indexed(harness: Harness, room: str, user: str, name: str) -> None:
    harness.change(room, Room.parse(room).partition_key, keys.name(folded(name), user), type="Name")


def test_people_are_found_by_the_beginning_of_their_names_in_the_order_of_these(harness: Harness) -> None:
    zoe, ann, anna, bob = (called(harness, new(), name=name) for name in ("Zoë", "Ánn", "anna", "Bob Ann"))
    room = harness.room({zoe: "owner", ann: "member", anna: "member", bob: "member"})
    assert found(harness, room, zoe, "AN") == [ann, anna]
    assert found(harness, room, zoe, "ann", limit=1) == [ann]
    assert found(harness, room, zoe, "zoe") == [zoe]
    assert found(harness, room, zoe, "x") == []


def test_who_has_no_name_is_found_by_their_id_and_so_is_who_has(harness: Harness) -> None:
    ann, bob = f"Ärger-{uuid.uuid4()}", called(harness, f"Arg-{uuid.uuid4()}", name="Bob")
    room = harness.room({ann: "owner", bob: "member"})
    assert found(harness, room, ann, "arg") == [ann, bob]
    assert found(harness, room, ann, "arger") == [ann]


def test_strangers_and_who_has_gone_are_not_found(harness: Harness) -> None:
    ann, gone, stranger = (called(harness, new(), name="Ann") for _ in range(3))
    room = harness.room({ann: "owner", gone: "member"})
    harness.room({stranger: "owner", ann: "member"})
    harness.invoke(harness.event("Mutation.leaveRoom", gone, roomId=room))
    assert found(harness, room, ann, "ann") == [ann]


def test_a_large_room_is_searched_by_its_index(harness: Harness) -> None:
    ann, anna, bob, gone = (called(harness, new(), name=name) for name in ("Ánn", "anna", "Bob", "Anne"))
    room = enlarged(harness, ann, anna, bob, gone)
    harness.member(room, gone, status="left")
    for user, name in ((ann, "Ánn"), (anna, "anna"), (bob, "Bob"), (gone, "Anne")):
        indexed(harness, room, user, name)
    indexed(harness, room, bob, "Ann Bob")  # what they were called before
    assert found(harness, room, ann, "ANN") == [ann, anna]
    assert found(harness, room, ann, "Ann", limit=1) == [ann]
    assert found(harness, room, ann, "x") == []


def test_in_a_large_room_ids_are_found_as_they_are_written(harness: Harness) -> None:
    ann = called(harness, new(), name="Zoe")
    room = enlarged(harness, ann)
    assert found(harness, room, ann, f"{ann}~0", limit=3) == [f"{ann}~{number:03d}" for number in range(3)]
    assert found(harness, room, ann, ann.upper()) == []


@pytest.mark.parametrize(
    "prefix", [None, "", "  ", "\u200b", "\u0301", "x" * 101, "\ud800", 7, ["a"]], ids=ascii
)
def test_a_prefix_that_says_nothing_is_refused(harness: Harness, prefix: object) -> None:
    made = harness.event(f"{EVENT}.blank-prefix", roomId=harness.room())
    made["arguments"]["prefix"] = prefix
    harness.refused(made, "InvalidInput", argument="prefix", max=100)


@pytest.mark.parametrize("limit", [0, -1, 51, 1.5, "5", True])
def test_a_limit_out_of_bounds_is_refused(harness: Harness, limit: object) -> None:
    made = harness.event(f"{EVENT}.limit-zero", roomId=harness.room())
    made["arguments"]["limit"] = limit
    harness.refused(made, "InvalidInput", argument="limit", max=50)


def test_only_who_may_read_the_room_searches_it(harness: Harness) -> None:
    ann = called(harness, new(), name="Ann")
    room = harness.room({ann: "owner"}, settings={"visibility": "public"})
    harness.refused(harness.event(f"{EVENT}.not-member", "carol", roomId=room, prefix="a"), "NotRoomMember")
    harness.refused(harness.event(EVENT, ann, roomId="no-such-room", prefix="a"), "NotRoomMember")
    (answer,) = harness.invoke(as_admin(harness.event(EVENT, "carla", roomId=room, prefix="an")))
    assert answer["userId"] == ann


def test_names_that_look_alike_are_marked_where_that_is_selected(harness: Harness) -> None:
    ann, fake = called(harness, new(), name="Alice"), called(harness, new(), name="Al\u0456ce")
    room = harness.room({ann: "owner", fake: "member"})
    made = harness.event(EVENT, ann, roomId=room, prefix="al")
    assert {each["isConfusable"] for each in harness.invoke(made)} == {None}
    made["info"]["selectionSetGraphQL"] = "{ userId isConfusable }"
    assert [(each["userId"], each["isConfusable"]) for each in harness.invoke(made)] == [
        (ann, True),
        (fake, True),
    ]
