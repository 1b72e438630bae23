"""What a room's retention has hidden stays hidden, whatever its retention is later, and from every field that
reads messages."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.deployment import Deployment
from chat.operations.my_rooms import my_rooms
from chat.operations.sync import sync
from chat.operations.update_room import update_room
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Message, RoomSettings
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.places import head_place
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    DAY_MS,
    FAST,
    Clock,
    edit,
    follow,
    new_room,
    process,
    read,
    read_changes,
    remove,
    send,
)


def rule(deployment: Deployment, room: str, **rules: Any) -> None:
    update_room(deployment, Caller("ann"), {"roomId": room, **rules}, Tally())


def owned_room(client: Any, user: str = "bob") -> str:
    return new_room(client, members={"ann": "owner", user: "member"}, settings=FAST | {"retentionDays": 365})


@pytest.fixture
def user() -> str:
    """Somebody without another room: one page has all of theirs."""
    return f"u-{uuid.uuid4()}"


def texts(deployment: Deployment, room: str) -> list[str | None]:
    return [each.text for each in follow(deployment, room, "bob", order="OLDEST_FIRST")]


def lowered_and_raised(client: Any, clock: Clock, room: str, how: str) -> None:
    """An hour at seven days, and back."""
    ours = process(client, clock)
    rule(ours, room, retentionDays=7)
    clock.jump(3_600_000)
    again: dict[str, Any] = {"retentionDays": 365} if how == "raised" else {"reset": ["RETENTION"]}
    rule(ours, room, **again)


@pytest.fixture(params=["raised", "reset"])
def hidden(client: Any, clock: Clock, request: pytest.FixtureRequest) -> Message:
    """A message of a room that was hidden for an hour, followed by one that never was."""
    room = owned_room(client)
    old = send(process(client, clock), room, "bob", "old", "m1")
    clock.jump(8 * DAY_MS)
    send(process(client, clock), room, "bob", "new", "m2")
    lowered_and_raised(client, clock, room, request.param)
    return old


def test_history_does_not_bring_it_back(client: Any, clock: Clock, hidden: Message) -> None:
    ours = process(client, clock)
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert [each.text for each in follow(ours, hidden.room_id, "bob", order=order, limit=1)] == ["new"]
        since = "2020-01-01T00:00:00Z"
        assert [each.text for each in read(ours, hidden.room_id, "bob", order=order, after=since).items] == [
            "new"
        ]
    before = "2027-01-16T00:00:00Z"  # after the old one
    assert read(ours, hidden.room_id, "bob", before=before).items == []


def test_a_process_that_read_the_room_while_it_was_there_does_not_either(client: Any, clock: Clock) -> None:
    room, reader = owned_room(client), process(client, clock)
    send(reader, room, "bob", "old")
    clock.jump(8 * DAY_MS)
    send(reader, room, "bob", "new")
    assert texts(reader, room) == ["old", "new"]
    cursor = read(reader, room, "bob", limit=1).next_token
    lowered_and_raised(client, clock, room, "raised")
    assert texts(reader, room) == ["new"]
    assert read(reader, room, "bob", limit=1, nextToken=cursor).items == []


def test_catching_up_does_not_bring_it_back(client: Any, clock: Clock, hidden: Message) -> None:
    page = read_changes(process(client, clock), hidden.room_id, "bob", since=0)
    assert [each["text"] for each in page["items"]] == ["new"]


def test_a_change_of_it_that_was_missed_does_not_bring_it_back(client: Any, clock: Clock, user: str) -> None:
    room, ours = owned_room(client, user), process(client, clock)
    old = send(ours, room, user, "old")
    held = read_changes(ours, room, user, since=0)["head"]
    token = sync(ours, CURSOR_KEYS, Caller(user), {}, Tally())["token"]
    edit(ours, old, "edited")
    clock.jump(8 * DAY_MS)
    lowered_and_raised(client, clock, room, "raised")
    assert read_changes(ours, room, user, since=held["rev"], after=held["ts"])["items"] == []
    rooms = sync(ours, CURSOR_KEYS, Caller(user), {"since": token}, Tally())["rooms"]
    assert [each["messages"] for each in rooms if each["roomId"] == room] == [[]]


def test_it_is_nobodys_last_message(client: Any, clock: Clock, user: str) -> None:
    room, ours = owned_room(client, user), process(client, clock)
    send(ours, room, user, "old")
    clock.jump(8 * DAY_MS)
    lowered_and_raised(client, clock, room, "raised")
    found = my_rooms(ours, CURSOR_KEYS, Caller(user), {}, Tally())["items"]
    assert [each["lastMessage"] for each in found if each["room"]["roomId"] == room] == [None]


def test_it_can_be_neither_edited_nor_removed(client: Any, clock: Clock, hidden: Message) -> None:
    ours = process(client, clock)
    with pytest.raises(InvalidInput) as edited:
        edit(ours, hidden, "x")
    with pytest.raises(InvalidInput) as removed:
        remove(ours, hidden)
    assert edited.value.key == removed.value.key == "message.notFound"


def test_a_repeat_of_its_sending_has_no_text(client: Any, clock: Clock, hidden: Message) -> None:
    again = send(process(client, clock), hidden.room_id, "bob", "old", "m1")
    assert (again.id, again.text) == (hidden.id, None)


def test_further_changes_do_not_bring_it_back(client: Any, clock: Clock, hidden: Message) -> None:
    ours = process(client, clock)
    for days in (20, 365, 30, 36_500):
        rule(ours, hidden.room_id, retentionDays=days)
        assert texts(ours, hidden.room_id) == ["new"]


def test_what_was_hidden_by_the_time_that_passed_stays_hidden_when_it_is_raised(
    client: Any, clock: Clock
) -> None:
    """Nobody lowers anything: at seven days the older message is gone after eight."""
    room, ours = new_room(client, members={"ann": "owner", "bob": "member"}), process(client, clock)
    send(ours, room, "bob", "old")  # kept for a year by its own instant
    rule(ours, room, retentionDays=7)
    clock.jump(6 * DAY_MS)
    send(ours, room, "bob", "new")
    clock.jump(2 * DAY_MS)
    rule(ours, room, retentionDays=365)
    assert texts(ours, room) == ["new"]
    clock.jump(DAY_MS)
    assert texts(ours, room) == ["new"]


def test_raising_hides_nothing_that_was_to_be_read(client: Any, clock: Clock) -> None:
    room, ours = owned_room(client), process(client, clock)
    send(ours, room, "bob", "one")
    clock.jump(6 * DAY_MS)
    rule(ours, room, retentionDays=7)
    assert texts(ours, room) == ["one"]
    clock.jump(DAY_MS // 2)
    rule(ours, room, retentionDays=365)
    clock.jump(300 * DAY_MS)
    assert texts(ours, room) == ["one"]


def test_a_rule_that_does_not_change_the_retention_moves_nothing(client: Any, clock: Clock) -> None:
    room, ours = owned_room(client), process(client, clock)
    send(ours, room, "bob", "one")
    clock.jump(8 * DAY_MS)
    rule(ours, room, name="Another name")
    rule(ours, room, retentionDays=365)
    rule(process(client, clock, defaults=RoomSettings(retention_days=365)), room, reset=["RETENTION"])
    head = ours.store.tables.get(head_place(Room.parse(room)))
    assert head
    assert "keptSince" not in head
    assert texts(ours, room) == ["one"]


def test_a_clock_that_is_ahead_hides_nothing_that_is_sent_later(client: Any, clock: Clock) -> None:
    room, ahead = owned_room(client), process(client, Clock(clock.ms + 730 * DAY_MS))
    send(process(client, clock), room, "bob", "old")
    rule(ahead, room, retentionDays=7)
    rule(ahead, room, retentionDays=365)
    clock.jump(60_000)
    ours = process(client, clock)
    send(ours, room, "bob", "new")
    assert texts(ours, room) == ["new"]


@given(st.lists(st.sampled_from([7, 20, 365, 1, 6, 12, "send"]), max_size=12))
@settings(max_examples=15)
def test_whatever_was_hidden_once_is_hidden_for_ever(client: Any, steps: list[int | str]) -> None:
    """Retentions of seven, 20 and 365 days, and one, six or twelve days that pass."""
    clock = Clock()
    room, ours, gone = owned_room(client), process(client, clock), set[str | None]()
    sent: list[str | None] = []
    for number, step in enumerate(["send", *steps]):
        before = texts(ours, room)
        if step == "send":
            sent.append(send(ours, room, "bob", str(number)).text)
        elif step in (7, 20, 365):
            rule(ours, room, retentionDays=step)
        else:
            clock.jump(int(step) * DAY_MS)
        shown = texts(ours, room)
        gone |= set(before) - set(shown)
        assert not gone & set(shown)
        assert shown == [text for text in sent if text not in gone]
