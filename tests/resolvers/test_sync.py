"""Query.sync: one token in, one token out, and what changed in all of one's rooms between them; nothing written."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.rules.rooms import Room
from chat.steps.sync_token import Token, seal_token, unseal_token
from tests.resolvers.test_changes import edit, head_of, remove

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.sync"
DAY_MS = 86_400_000


@pytest.fixture
def me() -> str:
    """Somebody who is in no room yet."""
    return f"u-{uuid.uuid4()}"


def sync(stage: "Stage", me: str, since: str | None = None, limit: int = 50) -> Any:
    return stage.act(stage.event(EVENT, me, since=since, limit=limit), writes=[])


def round_of(
    stage: "Stage", me: str, since: str | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], str]:
    """The rooms of all answers up to the last, and the last one's token."""
    rooms: list[dict[str, Any]] = []
    for _ in range(100):
        answer = sync(stage, me, since, limit)
        assert sum(len(each["messages"]) for each in answer["rooms"]) <= limit
        rooms += answer["rooms"]
        since = answer["token"]
        if not answer["more"]:
            return rooms, answer["token"]
    raise AssertionError("sync does not end")


def rooms_of(stage: "Stage", me: str, count: int) -> list[str]:
    """General and guild rooms in the order of `sync`: general ones first, then by their ids."""
    rooms = [stage.room({"alice": "owner", me: "member"}, guild=bool(number % 2)) for number in range(count)]
    return sorted(rooms, key=lambda each: (each.startswith("GUILD#"), each))


def fields(each: dict[str, Any]) -> dict[str, Any]:
    """What is told of a room beside its id, as far as it is anything."""
    return {name: value for name, value in each.items() if value and name != "roomId"}


def test_who_is_in_no_room_gets_a_token_all_the_same(stage: "Stage", me: str) -> None:
    answer = stage.act(stage.event(EVENT, me), writes=[])
    assert (answer["rooms"], answer["more"], answer["reset"]) == ([], False, True)
    again = sync(stage, me, answer["token"])
    assert (again["rooms"], again["more"], again["reset"]) == ([], False, False)


def test_without_a_token_each_room_is_told_as_it_is(stage: "Stage", me: str) -> None:
    rooms = rooms_of(stage, me, 4)
    stage.send(rooms[1], "one", "two")
    stage.head(rooms[1], name="Dragons")
    answer = sync(stage, me)
    assert [each["roomId"] for each in answer["rooms"]] == rooms
    assert (answer["reset"], answer["more"]) == (True, False)
    told = answer["rooms"][1]
    room = told.pop("room")
    head = head_of(stage, rooms[1])
    assert told == {
        "roomId": rooms[1],
        "head": head,
        "messages": [],
        "unread": 2,
        "reset": True,
        "left": False,
        "more": False,
    }
    assert (room["roomId"], room["name"], room["head"]) == (rooms[1], "Dragons", head)
    assert (room["me"]["userId"], room["me"]["role"]) == (me, "MEMBER")


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_then_what_changed_is_told_and_nothing_else(stage: "Stage", me: str, limit: int) -> None:
    rooms = rooms_of(stage, me, 5)
    one, two = stage.send(rooms[0], "one", "two")
    (sent,) = stage.send(rooms[2], "sent")
    told, token = round_of(stage, me, limit=limit)
    assert [each["roomId"] for each in told] == rooms
    edited = edit(stage, one, "uno")
    three = stage.send(rooms[0], "three", "four", "five")
    removed = remove(stage, sent)
    new = stage.send(rooms[4], "new")
    told, token = round_of(stage, me, token, limit)
    got = {
        room: [message for each in told if each["roomId"] == room for message in each["messages"]]
        for room in rooms
    }
    assert got == {
        rooms[0]: [edited, *three],
        rooms[1]: [],
        rooms[2]: [removed],
        rooms[3]: [],
        rooms[4]: new,
    }
    assert {each["roomId"] for each in told} == {rooms[0], rooms[2], rooms[4]}
    assert [each["more"] for each in told if each["roomId"] == rooms[0]][-1] is False
    assert not any(each["reset"] or each["left"] or each["room"] for each in told)
    last = {each["roomId"]: each for each in told}
    for room, unread in ((rooms[0], 5), (rooms[2], 1), (rooms[4], 1)):
        assert last[room]["head"] == head_of(stage, room)
        assert last[room]["unread"] == unread
    assert round_of(stage, me, token, limit)[0] == []
    assert two not in got[rooms[0]]


def test_more_rooms_than_one_answer_looks_at_are_told_in_several(stage: "Stage", me: str) -> None:
    rooms = rooms_of(stage, me, 61)
    first = sync(stage, me)
    assert ([each["roomId"] for each in first["rooms"]], first["more"]) == (rooms[:50], True)
    second = sync(stage, me, first["token"])
    assert ([each["roomId"] for each in second["rooms"]], second["more"]) == (rooms[50:], False)
    assert (first["reset"], second["reset"]) == (True, False)
    stage.send(rooms[55], "late")
    assert len(second["token"]) <= 61 * 32 + 300
    told, _ = round_of(stage, me, second["token"])
    assert [(each["roomId"], len(each["messages"])) for each in told] == [(rooms[55], 1)]


def test_a_change_of_rules_or_people_is_told_by_head_and_room(stage: "Stage", me: str) -> None:
    (room,) = rooms_of(stage, me, 1)
    token = sync(stage, me)["token"]
    stage.head(room, epoch=2, rev=2)
    answer = sync(stage, me, token)
    assert [fields(each) for each in answer["rooms"]] == [
        {"head": {"seq": 0, "ts": None, "epoch": 2, "rev": 2}}
    ]
    stage.head(room, name="Renamed", rev=3, ruledRev=3)
    (told,) = sync(stage, me, answer["token"])["rooms"]
    assert told["room"]["name"] == "Renamed"
    assert not told["reset"]


@pytest.mark.parametrize("status", ["left", "banned"])
def test_a_room_that_one_is_no_more_in_is_told_once(stage: "Stage", me: str, status: str) -> None:
    rooms = rooms_of(stage, me, 2)
    token = sync(stage, me)["token"]
    stage.send(rooms[0], "before")
    stage.member(rooms[0], me, status=status)
    stage.send(rooms[0], "after")
    answer = sync(stage, me, token)
    assert [(each["roomId"], fields(each)) for each in answer["rooms"]] == [(rooms[0], {"left": True})]
    assert sync(stage, me, answer["token"])["rooms"] == []
    assert [each["roomId"] for each in sync(stage, me)["rooms"]] == [rooms[1]]
    stage.member(rooms[0], me, status="active")
    (told,) = sync(stage, me, answer["token"])["rooms"]
    assert (told["roomId"], told["reset"]) == (rooms[0], True)


def test_who_left_and_came_back_between_two_calls_goes_on(stage: "Stage", me: str) -> None:
    (room,) = rooms_of(stage, me, 1)
    token = sync(stage, me)["token"]
    stage.member(room, me, status="left")
    sent = stage.send(room, "meanwhile")
    stage.member(room, me, status="active")
    (told,) = sync(stage, me, token)["rooms"]
    assert (told["messages"], told["reset"], told["left"]) == (sent, False, False)


def test_rooms_come_and_go_in_the_middle_of_a_round(stage: "Stage", me: str) -> None:
    rooms = rooms_of(stage, me, 4)
    _, token = round_of(stage, me)
    for room in rooms:
        stage.send(room, "one", "two")
    first = sync(stage, me, token, 3)
    assert [(each["roomId"], len(each["messages"]), each["more"]) for each in first["rooms"]] == [
        (rooms[0], 2, False),
        (rooms[1], 1, True),
    ]
    stage.member(rooms[1], me, status="banned")
    stage.member(rooms[2], me, status="left")
    joined = stage.room({"alice": "owner", me: "member"}, guild=True)
    told, token = round_of(stage, me, first["token"], 3)
    by_room = {each["roomId"]: fields(each) for each in told}
    assert by_room[rooms[1]] == by_room[rooms[2]] == {"left": True}
    assert [message["text"] for message in by_room[rooms[3]]["messages"]] == ["one", "two"]
    assert by_room[joined]["reset"] is True
    assert round_of(stage, me, token, 3)[0] == []


def test_messages_of_before_are_not_told_to_who_is_new(stage: "Stage", me: str) -> None:
    """They read `messages` afresh; `unread` counts from when they came."""
    _, token = round_of(stage, me)
    room = stage.room({"alice": "owner", me: "member"})
    stage.send(room, "one", "two", "three")
    stage.member(room, me, joinedSeq=2)
    (told,) = sync(stage, me, token)["rooms"]
    assert (told["messages"], told["unread"], told["reset"]) == ([], 1, True)
    stage.receipts(room, me, lastReadSeq=3)
    assert sync(stage, me)["rooms"][0]["unread"] == 0


def test_a_room_that_is_not_adopted_is_left_out_until_it_is(stage: "Stage", me: str) -> None:
    room = f"old-{uuid.uuid4()}"
    stage.member(room, me, role="member", status="active")
    answer = sync(stage, me)
    assert answer["rooms"] == []
    stage.head(room, rev=1, seq=0, ts=0, epoch=1)
    (told,) = sync(stage, me, answer["token"])["rooms"]
    assert (told["roomId"], told["reset"]) == (room, True)


def test_too_long_away_from_one_room_begins_anew_there(stage: "Stage", me: str) -> None:
    rooms = rooms_of(stage, me, 2)
    _, token = round_of(stage, me)
    stage.head(rooms[0], seq=1_001, ts=1, rev=1_002)
    stage.send(rooms[1], "one")
    answer = sync(stage, me, token)
    assert [(each["reset"], len(each["messages"]), bool(each["room"])) for each in answer["rooms"]] == [
        (True, 0, True),
        (False, 1, False),
    ]
    assert sync(stage, me, answer["token"])["rooms"] == []


def test_an_old_token_begins_anew_everywhere(stage: "Stage", me: str) -> None:
    (room,) = rooms_of(stage, me, 1)
    now = stage.deployment.now()
    sealed = sync(stage, me)["token"]
    token = unseal_token(me, sealed, stage.cursor_keys)
    for age, is_old in ((59 * DAY_MS, False), (61 * DAY_MS, True)):
        aged = seal_token(me, Token(now - age, token.position, token.held), stage.cursor_keys)
        answer = sync(stage, me, aged)
        assert answer["reset"] is is_old
        assert [(each["roomId"], each["reset"]) for each in answer["rooms"]] == [(room, True)] * is_old


def test_the_same_token_again_tells_the_same_again(stage: "Stage", me: str) -> None:
    """As for a client that lost the answer."""
    rooms = rooms_of(stage, me, 2)
    _, token = round_of(stage, me)
    stage.send(rooms[1], "one", "two")
    first = sync(stage, me, token, 1)
    again = sync(stage, me, token, 1)
    assert first["rooms"] == again["rooms"]


def test_a_token_is_good_for_nobody_else_and_cannot_be_changed(stage: "Stage", me: str) -> None:
    (room,) = rooms_of(stage, me, 1)
    stage.send(room, "one", "two")
    token = sync(stage, me)["token"]
    page = stage.invoke(stage.event("Query.messages", me, roomId=room, limit=1))["nextToken"]
    for user, since in (
        (f"u-{uuid.uuid4()}", token),
        (me, token[:-1]),
        (me, token[:20] + ("A" if token[20] != "A" else "B") + token[21:]),
        (me, page),
        (me, ""),
        (me, "x" * 200_000),
    ):
        event = stage.event(EVENT, user, since=since)
        stage.refused(event, "InvalidInput", argument="since")
    wrongs: list[object] = [7, True, [], {}]
    for wrong in wrongs:
        stage.refused(stage.event(EVENT, me, since=wrong), "InvalidInput", argument="since")
    for name, arguments in (
        ("Query.messages", {"roomId": room}),
        ("Query.changes", {"roomId": room, "since": 1}),
        ("Query.myRooms", {}),
    ):
        event = stage.event(name, me, **arguments, nextToken=token)
        stage.refused(event, "InvalidInput", argument="nextToken")


REFUSED: dict[str, dict[str, object]] = {
    "limit-million": {"argument": "limit", "max": 100},
    "garbage-token": {"argument": "since"},
}


@pytest.mark.parametrize(("variant", "values"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(stage: "Stage", variant: str, values: dict[str, object]) -> None:
    stage.refused(stage.event(f"{EVENT}.{variant}"), "InvalidInput", None, **values)


def test_a_room_of_which_something_is_not_visible_yet_is_gone_on_with(stage: "Stage", me: str) -> None:
    """The log entry that the head counts is not there: nothing after it is told, and the next call begins with that room."""
    rooms = rooms_of(stage, me, 2)
    sent = [stage.send(room, "one")[0] for room in rooms]
    _, token = round_of(stage, me)
    edited = [edit(stage, message, "uno") for message in sent]
    place = Room.parse(rooms[0])
    key = {"PK": {"S": place.partition_key}, "SK": {"S": "CHG#000000000003"}}
    table = f"gg_{place.table}"
    entry = stage.client.get_item(TableName=table, Key=key)["Item"]
    stage.client.delete_item(TableName=table, Key=key)
    answer = sync(stage, me, token)
    assert [(each["roomId"], each["messages"], each["more"]) for each in answer["rooms"]] == [
        (rooms[0], [], True)
    ]
    assert answer["more"] is True
    stage.client.put_item(TableName=table, Item=entry)
    told, _ = round_of(stage, me, answer["token"])
    assert [each["messages"] for each in told] == [[edited[0]], [edited[1]]]
