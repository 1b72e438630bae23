"""Query.myRooms: the rooms that the caller is in, with the last message and how many are unread."""

import uuid
from typing import Any

import pytest

from tests.resolvers.harness import Harness

EVENT = "Query.myRooms"
YEAR_MS = 365 * 86_400_000


@pytest.fixture
def person() -> str:
    """Somebody who is in no room yet."""
    return f"p-{uuid.uuid4()}"


def rooms(harness: Harness, user: str, **arguments: Any) -> list[dict[str, Any]]:
    """The caller's rooms, from one page that is the last."""
    page = harness.run(harness.event(EVENT, user, **arguments), writes=[])
    assert page["nextToken"] is None
    items: list[dict[str, Any]] = page["items"]
    return items


def place(harness: Harness, room: str, sort_key: str, **attributes: int | str | None) -> None:
    """Change an item of a room, or with `None` take an attribute from it."""
    item = harness.item(room, sort_key)
    names = {f"#{name}": name for name in attributes}
    values = {f":{name}": value for name, value in attributes.items() if value is not None}
    clauses = {
        "SET": [f"#{name} = :{name}" for name, value in attributes.items() if value is not None],
        "REMOVE": [f"#{name}" for name, value in attributes.items() if value is None],
    }
    request: dict[str, Any] = {
        "TableName": "gg_guild" if room.startswith("GUILD#") else "gg_core",
        "Key": {"PK": {"S": item["PK"]}, "SK": {"S": item["SK"]}},
        "UpdateExpression": " ".join(
            f"{clause} {', '.join(each)}" for clause, each in clauses.items() if each
        ),
        "ExpressionAttributeNames": names,
    }
    if values:
        request["ExpressionAttributeValues"] = {
            name: {"S": value} if isinstance(value, str) else {"N": str(value)}
            for name, value in values.items()
        }
    harness.client.update_item(**request)


def test_a_room_is_listed_with_its_last_message_and_what_is_unread(harness: Harness, person: str) -> None:
    room = harness.room({"alice": "owner", person: "member"})
    harness.send(room, "one", "two")
    (last,) = harness.send(room, "three", user="alice")
    (item,) = rooms(harness, person)
    assert item["room"] == harness.invoke(harness.event("Query.room", person, roomId=room)) | {
        "memberCount": None
    }
    assert (item["unread"], item["lastReadSeq"]) == (3, 0)
    assert item["lastMessage"] == last


def test_who_is_in_no_room_has_none(harness: Harness, person: str) -> None:
    assert rooms(harness, person) == []


def test_general_rooms_come_first_then_guilds_each_in_the_order_of_ids(harness: Harness, person: str) -> None:
    members = {person: "owner"}
    general = sorted(harness.room(members) for _ in range(3))  # type: ignore[arg-type]
    guilds = sorted(harness.room(members, guild=True) for _ in range(3))  # type: ignore[arg-type]
    everything = general + guilds
    assert [each["room"]["roomId"] for each in rooms(harness, person)] == everything
    for limit in (1, 2, 3, 4, 5, 6):
        found, token = [], None
        while True:
            page = harness.invoke(harness.event(EVENT, person, limit=limit, nextToken=token))
            assert 0 < len(page["items"]) <= limit
            found += [each["room"]["roomId"] for each in page["items"]]
            token = page["nextToken"]
            if token is None:
                break
        assert found == everything


def test_sending_reading_and_coming_move_what_is_unread(harness: Harness, person: str) -> None:
    room = harness.room({"alice": "owner"})
    harness.send(room, "before")
    harness.invoke(harness.event("Mutation.addMember", roomId=room, userId=person))
    assert [each["unread"] for each in rooms(harness, person)] == [0]
    harness.send(room, "one", "two")
    assert [(each["unread"], each["lastReadSeq"]) for each in rooms(harness, person)] == [(2, 1)]
    harness.invoke(harness.event("Mutation.markRead", person, roomId=room, seq=2))
    assert [(each["unread"], each["lastReadSeq"]) for each in rooms(harness, person)] == [(1, 2)]
    harness.send(room, "mine", user=person)
    assert [(each["unread"], each["lastReadSeq"]) for each in rooms(harness, person)] == [(0, 4)]


@pytest.mark.parametrize("status", ["left", "banned"])
def test_rooms_of_former_members_are_not_listed(harness: Harness, person: str, status: str) -> None:
    stayed, gone = harness.room({person: "owner"}), harness.room({person: "owner"})
    harness.member(gone, person, status=status)
    assert [each["room"]["roomId"] for each in rooms(harness, person, limit=1)] == [stayed]


def test_a_long_run_of_rooms_that_one_has_left_is_read_through(harness: Harness, person: str) -> None:
    items = [
        {"PK": {"S": f"USER#{person}"}, "SK": {"S": f"IN#ROOM#a{number:02d}"}, "status": {"S": "left"}}
        for number in range(25)
    ]
    harness.client.batch_write_item(
        RequestItems={"gg_core": [{"PutRequest": {"Item": each}} for each in items]}
    )
    room = harness.room({person: "owner"})
    found, pages, token = [], 0, None
    while pages == 0 or token:
        page = harness.invoke(harness.event(EVENT, person, limit=1, nextToken=token))
        found += [each["room"]["roomId"] for each in page["items"]]
        pages, token = pages + 1, page["nextToken"]
    assert found == [room]
    assert pages < 4


def test_a_removed_last_message_stands_there_without_its_text(harness: Harness, person: str) -> None:
    room = harness.room({person: "owner"})
    harness.send(room, "hi", user=person)
    place(harness, room, "MSG#", removedAt=1_700_000_000_000, text=None)
    (item,) = rooms(harness, person)
    assert (item["lastMessage"]["text"], item["lastMessage"]["seq"]) == (None, 1)
    assert item["lastMessage"]["removedAt"] == "2023-11-14T22:13:20.000Z"


def test_an_expired_last_message_is_none(harness: Harness, person: str) -> None:
    gone, hidden = harness.room({person: "owner"}), harness.room({person: "owner"})
    for room in (gone, hidden):
        harness.send(room, "hi", user=person)
    place(harness, gone, "MSG#", expiresAt=1)
    harness.head(hidden, ts=1_800_000_000_000 - YEAR_MS * 3)
    assert [(each["lastMessage"], each["unread"]) for each in rooms(harness, person)] == [(None, 0)] * 2


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_the_last_message_is_found_where_the_head_lacks_its_id(
    harness: Harness, person: str, guild: bool
) -> None:
    room = harness.room({person: "owner"}, guild=guild)
    last = harness.send(room, "one", "two", user=person)[-1]
    place(harness, room, "HEAD", lastId=None)
    assert [each["lastMessage"] for each in rooms(harness, person)] == [last]


def test_a_last_message_that_is_gone_is_none(harness: Harness, person: str) -> None:
    """Deleted by TTL, with a head that has its id, and with one that does not."""
    for last_id in ("0195e3a0-0000-7000-8000-000000000000", None):
        room = harness.room({person: "owner"})
        harness.head(room, seq=1, ts=1_790_000_000_000)
        place(harness, room, "HEAD", lastId=last_id)
    assert [each["lastMessage"] for each in rooms(harness, person)] == [None, None]


def test_a_room_that_is_not_adopted_yet_is_listed_without_numbers(harness: Harness, person: str) -> None:
    room = f"r-{uuid.uuid4()}"
    harness.member(room, person, status="active")
    (item,) = rooms(harness, person)
    assert (item["room"]["roomId"], item["unread"], item["lastMessage"]) == (room, 0, None)
    assert item["room"]["head"] == {"seq": 0, "ts": None, "epoch": 1, "rev": 0, "pinsRev": 0}


def test_fifty_rooms_are_one_page_and_a_token_is_the_callers_own(harness: Harness, person: str) -> None:
    made = [harness.room({person: "owner"}) for _ in range(51)]
    for room in made:
        harness.send(room, "hi", user=person)
    page = harness.invoke(harness.event(EVENT, person))
    assert [each["lastMessage"]["text"] for each in page["items"]] == ["hi"] * 50
    rest = harness.invoke(harness.event(EVENT, person, nextToken=page["nextToken"]))
    assert [each["room"]["roomId"] for each in page["items"] + rest["items"]] == sorted(made)
    harness.refused(
        harness.event(EVENT, f"p-{uuid.uuid4()}", nextToken=page["nextToken"]),
        "InvalidInput",
        argument="nextToken",
    )
    harness.refused(harness.event(EVENT, person, nextToken="x"), "InvalidInput", argument="nextToken")


@pytest.mark.parametrize("limit", [0, 51, "7", True])
def test_a_limit_out_of_bounds_is_named(harness: Harness, person: str, limit: object) -> None:
    harness.refused(harness.event(EVENT, person, limit=limit), "InvalidInput", argument="limit", max=50)
