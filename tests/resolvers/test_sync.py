"""Query.sync: one token in, one token out, and what changed in all of
one's rooms between them; nothing written."""

import uuid
from typing import Any

import pytest

from chat.rules.rooms import Room
from chat.steps.sync_token import Token, seal_token, unseal_token
from tests.resolvers.harness import Harness
from tests.resolvers.test_changes import edit, head_of, remove

EVENT = "Query.sync"
DAY_MS = 86_400_000


@pytest.fixture
def me() -> str:
    """Somebody who is in no room yet."""
    return f"u-{uuid.uuid4()}"


def sync(harness: Harness, me: str, since: str | None = None, limit: int = 50) -> Any:
    return harness.run(harness.event(EVENT, me, since=since, limit=limit), writes=[])


def round_of(
    harness: Harness, me: str, since: str | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], str]:
    """The rooms of all answers up to the last, and the last one's token."""
    rooms: list[dict[str, Any]] = []
    for _ in range(100):
        answer = sync(harness, me, since, limit)
        assert sum(len(each["messages"]) for each in answer["rooms"]) <= limit
        rooms += answer["rooms"]
        since = answer["token"]
        if not answer["more"]:
            return rooms, answer["token"]
    raise AssertionError("sync does not end")


def rooms_of(harness: Harness, me: str, count: int) -> list[str]:
    """General and guild rooms in the order of `sync`: general ones first, then by their ids."""
    rooms = [
        harness.room({"alice": "owner", me: "member"}, guild=bool(number % 2)) for number in range(count)
    ]
    return sorted(rooms, key=lambda each: (each.startswith("GUILD#"), each))


def fields(each: dict[str, Any]) -> dict[str, Any]:
    """What the answer has of a room beside its id, as far as it is anything."""
    return {name: value for name, value in each.items() if value and name != "roomId"}


def test_who_is_in_no_room_gets_a_token_all_the_same(harness: Harness, me: str) -> None:
    answer = harness.run(harness.event(EVENT, me), writes=[])
    assert (answer["rooms"], answer["more"], answer["reset"]) == ([], False, True)
    again = sync(harness, me, answer["token"])
    assert (again["rooms"], again["more"], again["reset"]) == ([], False, False)


def test_without_a_token_each_room_is_given_as_it_is(harness: Harness, me: str) -> None:
    rooms = rooms_of(harness, me, 4)
    harness.send(rooms[1], "one", "two")
    harness.head(rooms[1], name="Dragons")
    answer = sync(harness, me)
    assert [each["roomId"] for each in answer["rooms"]] == rooms
    assert (answer["reset"], answer["more"]) == (True, False)
    answered = answer["rooms"][1]
    room = answered.pop("room")
    head = head_of(harness, rooms[1])
    assert answered == {
        "roomId": rooms[1],
        "head": head,
        "messages": [],
        "unread": 2,
        "unreadMentions": 0,
        "reset": True,
        "erased": [],
        "left": False,
        "more": False,
    }
    assert (room["roomId"], room["name"], room["head"]) == (rooms[1], "Dragons", head)
    assert (room["me"]["userId"], room["me"]["role"]) == (me, "MEMBER")


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_then_what_changed_is_given_and_nothing_else(harness: Harness, me: str, limit: int) -> None:
    rooms = rooms_of(harness, me, 5)
    one, two = harness.send(rooms[0], "one", "two")
    (sent,) = harness.send(rooms[2], "sent")
    answered, token = round_of(harness, me, limit=limit)
    assert [each["roomId"] for each in answered] == rooms
    edited = edit(harness, one, "uno")
    three = harness.send(rooms[0], "three", "four", "five")
    removed = remove(harness, sent)
    new = harness.send(rooms[4], "new")
    answered, token = round_of(harness, me, token, limit)
    got = {
        room: [message for each in answered if each["roomId"] == room for message in each["messages"]]
        for room in rooms
    }
    assert got == {
        rooms[0]: [edited, *three],
        rooms[1]: [],
        rooms[2]: [removed],
        rooms[3]: [],
        rooms[4]: new,
    }
    assert {each["roomId"] for each in answered} == {rooms[0], rooms[2], rooms[4]}
    assert [each["more"] for each in answered if each["roomId"] == rooms[0]][-1] is False
    assert not any(each["reset"] or each["left"] or each["room"] for each in answered)
    last = {each["roomId"]: each for each in answered}
    for room, unread in ((rooms[0], 5), (rooms[2], 0), (rooms[4], 1)):
        assert last[room]["head"] == head_of(harness, room)
        assert last[room]["unread"] == unread
    assert round_of(harness, me, token, limit)[0] == []
    assert two not in got[rooms[0]]


def test_more_rooms_than_one_answer_covers_come_in_several(harness: Harness, me: str) -> None:
    rooms = rooms_of(harness, me, 61)
    first = sync(harness, me)
    assert ([each["roomId"] for each in first["rooms"]], first["more"]) == (rooms[:50], True)
    second = sync(harness, me, first["token"])
    assert ([each["roomId"] for each in second["rooms"]], second["more"]) == (rooms[50:], False)
    assert (first["reset"], second["reset"]) == (True, False)
    harness.send(rooms[55], "late")
    assert len(second["token"]) <= 61 * 32 + 300
    answered, _ = round_of(harness, me, second["token"])
    assert [(each["roomId"], len(each["messages"])) for each in answered] == [(rooms[55], 1)]


def test_a_change_of_rules_or_members_is_given_by_head_and_room(harness: Harness, me: str) -> None:
    (room,) = rooms_of(harness, me, 1)
    token = sync(harness, me)["token"]
    harness.head(room, epoch=2, rev=2)
    answer = sync(harness, me, token)
    assert [fields(each) for each in answer["rooms"]] == [
        {"head": {"seq": 0, "ts": None, "epoch": 2, "rev": 2, "pinsRev": 0}}
    ]
    harness.head(room, name="Renamed", rev=3, ruledRev=3)
    (answered,) = sync(harness, me, answer["token"])["rooms"]
    assert answered["room"]["name"] == "Renamed"
    assert not answered["reset"]


@pytest.mark.parametrize("status", ["left", "banned"])
def test_a_room_of_a_former_member_is_given_once(harness: Harness, me: str, status: str) -> None:
    rooms = rooms_of(harness, me, 2)
    token = sync(harness, me)["token"]
    harness.send(rooms[0], "before")
    harness.member(rooms[0], me, status=status)
    harness.send(rooms[0], "after")
    answer = sync(harness, me, token)
    assert [(each["roomId"], fields(each)) for each in answer["rooms"]] == [(rooms[0], {"left": True})]
    assert sync(harness, me, answer["token"])["rooms"] == []
    assert [each["roomId"] for each in sync(harness, me)["rooms"]] == [rooms[1]]
    harness.member(rooms[0], me, status="active")
    (answered,) = sync(harness, me, answer["token"])["rooms"]
    assert (answered["roomId"], answered["reset"]) == (rooms[0], True)


def test_who_left_and_came_back_between_two_calls_goes_on(harness: Harness, me: str) -> None:
    (room,) = rooms_of(harness, me, 1)
    token = sync(harness, me)["token"]
    harness.member(room, me, status="left")
    sent = harness.send(room, "meanwhile")
    harness.member(room, me, status="active")
    (answered,) = sync(harness, me, token)["rooms"]
    assert (answered["messages"], answered["reset"], answered["left"]) == (sent, False, False)


def test_rooms_come_and_go_in_the_middle_of_a_round(harness: Harness, me: str) -> None:
    rooms = rooms_of(harness, me, 4)
    _, token = round_of(harness, me)
    for room in rooms:
        harness.send(room, "one", "two")
    first = sync(harness, me, token, 3)
    assert [(each["roomId"], len(each["messages"]), each["more"]) for each in first["rooms"]] == [
        (rooms[0], 2, False),
        (rooms[1], 1, True),
    ]
    harness.member(rooms[1], me, status="banned")
    harness.member(rooms[2], me, status="left")
    joined = harness.room({"alice": "owner", me: "member"}, guild=True)
    answered, token = round_of(harness, me, first["token"], 3)
    by_room = {each["roomId"]: fields(each) for each in answered}
    assert by_room[rooms[1]] == by_room[rooms[2]] == {"left": True}
    assert [message["text"] for message in by_room[rooms[3]]["messages"]] == ["one", "two"]
    assert by_room[joined]["reset"] is True
    assert round_of(harness, me, token, 3)[0] == []


def test_earlier_messages_are_not_given_to_new_members(harness: Harness, me: str) -> None:
    """They read `messages` afresh; `unread` counts from when they came."""
    _, token = round_of(harness, me)
    room = harness.room({"alice": "owner", me: "member"})
    harness.send(room, "one", "two", "three")
    harness.member(room, me, joinedSeq=2)
    (answered,) = sync(harness, me, token)["rooms"]
    assert (answered["messages"], answered["unread"], answered["reset"]) == ([], 1, True)
    harness.receipts(room, me, lastReadSeq=3)
    assert sync(harness, me)["rooms"][0]["unread"] == 0


def test_a_room_that_is_not_adopted_is_left_out_until_it_is(harness: Harness, me: str) -> None:
    room = f"old-{uuid.uuid4()}"
    harness.member(room, me, role="member", status="active")
    answer = sync(harness, me)
    assert answer["rooms"] == []
    harness.head(room, rev=1, seq=0, ts=0, epoch=1)
    (answered,) = sync(harness, me, answer["token"])["rooms"]
    assert (answered["roomId"], answered["reset"]) == (room, True)


def test_too_long_away_from_one_room_begins_anew_there(harness: Harness, me: str) -> None:
    rooms = rooms_of(harness, me, 2)
    _, token = round_of(harness, me)
    harness.head(rooms[0], seq=1_001, ts=1, rev=1_002)
    harness.send(rooms[1], "one")
    answer = sync(harness, me, token)
    assert [(each["reset"], len(each["messages"]), bool(each["room"])) for each in answer["rooms"]] == [
        (True, 0, True),
        (False, 1, False),
    ]
    assert sync(harness, me, answer["token"])["rooms"] == []


def test_an_old_token_begins_anew_everywhere(harness: Harness, me: str) -> None:
    (room,) = rooms_of(harness, me, 1)
    now = harness.deployment.now()
    sealed = sync(harness, me)["token"]
    token = unseal_token(me, sealed, harness.cursor_keys)
    for age, is_old in ((59 * DAY_MS, False), (61 * DAY_MS, True)):
        aged = seal_token(me, Token(now - age, token.position, token.held), harness.cursor_keys)
        answer = sync(harness, me, aged)
        assert answer["reset"] is is_old
        assert [(each["roomId"], each["reset"]) for each in answer["rooms"]] == [(room, True)] * is_old


def test_the_same_token_again_gives_the_same_again(harness: Harness, me: str) -> None:
    """As for a client that lost the answer."""
    rooms = rooms_of(harness, me, 2)
    _, token = round_of(harness, me)
    harness.send(rooms[1], "one", "two")
    first = sync(harness, me, token, 1)
    again = sync(harness, me, token, 1)
    assert first["rooms"] == again["rooms"]


def test_a_token_is_good_for_nobody_else_and_cannot_be_changed(harness: Harness, me: str) -> None:
    (room,) = rooms_of(harness, me, 1)
    harness.send(room, "one", "two")
    token = sync(harness, me)["token"]
    page = harness.invoke(harness.event("Query.messages", me, roomId=room, limit=1))["nextToken"]
    for user, since in (
        (f"u-{uuid.uuid4()}", token),
        (me, token[:-1]),
        (me, token[:20] + ("A" if token[20] != "A" else "B") + token[21:]),
        (me, page),
        (me, ""),
        (me, "x" * 200_000),
    ):
        event = harness.event(EVENT, user, since=since)
        harness.refused(event, "InvalidInput", argument="since")
    wrongs: list[object] = [7, True, [], {}]
    for wrong in wrongs:
        harness.refused(harness.event(EVENT, me, since=wrong), "InvalidInput", argument="since")
    for name, arguments in (
        ("Query.messages", {"roomId": room}),
        ("Query.changes", {"roomId": room, "since": 1}),
        ("Query.myRooms", {}),
    ):
        event = harness.event(name, me, **arguments, nextToken=token)
        harness.refused(event, "InvalidInput", argument="nextToken")


REFUSED: dict[str, dict[str, object]] = {
    "limit-million": {"argument": "limit", "max": 100},
    "garbage-token": {"argument": "since"},
}


@pytest.mark.parametrize(("variant", "values"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(harness: Harness, variant: str, values: dict[str, object]) -> None:
    harness.refused(harness.event(f"{EVENT}.{variant}"), "InvalidInput", None, **values)


def test_a_room_of_which_something_is_not_visible_yet_is_gone_on_with(harness: Harness, me: str) -> None:
    """The log entry that the head counts is not there: nothing after it is given,
    and the next call begins with that room."""
    rooms = rooms_of(harness, me, 2)
    sent = [harness.send(room, "one")[0] for room in rooms]
    _, token = round_of(harness, me)
    edited = [edit(harness, message, "uno") for message in sent]
    place = Room.parse(rooms[0])
    key = {"PK": {"S": place.partition_key}, "SK": {"S": "CHG#000000000003"}}
    table = f"gg_{place.table}"
    entry = harness.client.get_item(TableName=table, Key=key)["Item"]
    harness.client.delete_item(TableName=table, Key=key)
    answer = sync(harness, me, token)
    assert [(each["roomId"], each["messages"], each["more"]) for each in answer["rooms"]] == [
        (rooms[0], [], True)
    ]
    assert answer["more"] is True
    harness.client.put_item(TableName=table, Item=entry)
    answered, _ = round_of(harness, me, answer["token"])
    assert [each["messages"] for each in answered] == [[edited[0]], [edited[1]]]
