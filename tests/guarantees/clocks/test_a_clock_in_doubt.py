"""A process whose clock is not the store's writes nothing, passes no gap and hides nothing.

Clocks run here: what a process compares with its own are the dates in the engine's answers.
"""

from collections.abc import Callable
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.create_room import create_room
from chat.operations.heartbeat import heartbeat
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mark_read import mark_read
from chat.operations.mute_member import mute_member
from chat.operations.on_message import on_message
from chat.operations.remove_member import remove_member
from chat.operations.update_room import update_room
from chat.rules.errors import ChatError, ServiceUnavailable
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.clock import wall_clock
from chat.storage.keys import message as message_key
from chat.storage.keys import user_partition
from tests.guarantees.clocks.doubting import process_wrong_by
from tests.guarantees.clocks.skews import SKEWS, YEAR_MS
from tests.guarantees.support.fixtures import (
    FAST,
    Clock,
    delete_message,
    edit,
    follow,
    new_room,
    partition,
    process,
    read,
    read_changes,
    remove,
    send,
    store_of,
    table_name,
)
from tests.guarantees.support.partial_visibility import PartialVisibility

ELEVEN_S = {"11 seconds ahead": 11_000, "11 seconds behind": -11_000}
FAR = ELEVEN_S | {name: skew for name, skew in SKEWS.items() if abs(skew) > 1_000}
NEAR = {name: skew for name, skew in SKEWS.items() if abs(skew) == 1_000}
BOTH_WAYS = pytest.mark.parametrize("skew", [11_000, -11_000, 2 * YEAR_MS, -2 * YEAR_MS])
TOO_FAR = pytest.mark.parametrize("skew", FAR.values(), ids=FAR)
ANN, BOB = Caller("ann"), Caller("bob")

Writing = Callable[[Deployment, str, Message], object]
WRITES: dict[str, Writing] = {
    "sendMessage": lambda chat, room, _: send(chat, room, "ann", "hi"),
    "editMessage": lambda chat, _, message: edit(chat, message, "ho"),
    "removeMessage": lambda chat, _, message: remove(chat, message),
    "createRoom": lambda chat, room, _: create_room(chat, ANN, {"roomId": f"{room}-2", "name": "x"}, Tally()),
    "updateRoom": lambda chat, room, _: update_room(chat, ANN, {"roomId": room, "retentionDays": 7}, Tally()),
    "addMember": lambda chat, room, _: add_member(chat, ANN, {"roomId": room, "userId": "cat"}, Tally()),
    "joinRoom": lambda chat, room, _: join_room(chat, Caller("cat"), {"roomId": room}, Tally()),
    "muteMember": lambda chat, room, _: mute_member(
        chat, ANN, {"roomId": room, "userId": "bob", "until": "2100-01-01T00:00:00Z"}, Tally()
    ),
    "markRead": lambda chat, room, _: mark_read(chat, BOB, {"roomId": room, "seq": 1}, Tally()),
    "heartbeat": lambda chat, room, _: heartbeat(
        chat, BOB, {"status": "ONLINE", "rooms": [{"roomId": room, "seq": 1}]}, Tally()
    ),
    "removeMember": lambda chat, room, _: remove_member(
        chat, ANN, {"roomId": room, "userId": "bob"}, Tally()
    ),
    "leaveRoom": lambda chat, room, _: leave_room(chat, BOB, {"roomId": room}, Tally()),
}


@pytest.fixture
def right(client: Any) -> Deployment:
    return Deployment(store=store_of(client), chance=lambda: 0.0)


def a_room(client: Any) -> str:
    return new_room(
        client, members={"ann": "owner", "bob": "member"}, settings=FAST | {"visibility": "public"}
    )


@TOO_FAR
def test_nothing_is_written(client: Any, endpoint: str, right: Deployment, skew: int) -> None:
    room = a_room(client)
    message = send(right, room, "ann", "hi", "m1")
    wrong = process_wrong_by(skew, endpoint)
    where = Room.parse(room)
    places = [where.partition_key, *(user_partition(user) for user in ("ann", "bob", "cat"))]
    before = [partition(client, table_name(where), each) for each in places]
    for name, write in WRITES.items():
        with pytest.raises(ServiceUnavailable) as refusal:
            write(wrong, room, message)
        assert refusal.value.values == {"reason": "clock"}, name
    assert [partition(client, table_name(where), each) for each in places] == before
    assert send(wrong, room, "ann", "hi", "m1") == message  # a repeat writes nothing
    assert send(right, room, "bob", "hello").seq == 2


@pytest.mark.parametrize("skew", NEAR.values(), ids=NEAR)
def test_as_far_as_clocks_may_differ_everything_is_done(client: Any, endpoint: str, skew: int) -> None:
    room = a_room(client)
    near = process_wrong_by(skew, endpoint)
    message = send(near, room, "ann", "hi")
    for write in WRITES.values():
        write(near, room, message)


def test_a_store_that_does_not_tell_its_time_is_believed_to_have_the_same(client: Any, endpoint: str) -> None:
    room = a_room(client)
    wrong = process_wrong_by(3_600_000, endpoint, with_date=False)
    assert send(wrong, room, "ann", "hi").ts > wall_clock() + 3_000_000


def test_a_call_that_knows_the_room_from_memory_looks_before_it_doubts(client: Any, endpoint: str) -> None:
    """Frozen for a minute, a process has a wall clock that went on and a monotonic clock that did not."""
    room, frozen_ms = a_room(client), [0]
    sleeper = process_wrong_by(0, endpoint, frozen_ms=frozen_ms)
    send(sleeper, room, "ann", "hi")
    frozen_ms[0] = 60_000
    assert sleeper.clock_in_doubt()
    assert send(sleeper, room, "ann", "hi again").seq == 2
    assert not sleeper.clock_in_doubt()


@BOTH_WAYS
def test_no_gap_is_passed_and_nothing_is_lost(
    client: Any, endpoint: str, right: Deployment, skew: int
) -> None:
    """The second message is visible before the first."""
    room = a_room(client)
    visibility = PartialVisibility(client)
    wrong = process_wrong_by(skew, endpoint, hiding=visibility)
    writer = Deployment(store=store_of(visibility.writer), chance=lambda: 0.0)
    start = read(wrong, room, "bob").head
    sent = [send(writer, room, "ann", "first")]
    visibility.hide(0b1000)  # the message, and not the head
    sent.append(send(writer, room, "ann", "second"))
    shown = read_changes(wrong, room, "bob", since=start.rev)
    assert (shown["items"], shown["nextToken"] is None) == ([], False)
    assert read(wrong, room, "bob", order="OLDEST_FIRST").items == []
    visibility.reveal()
    rest = read_changes(wrong, room, "bob", since=start.rev, nextToken=shown["nextToken"])
    assert [each["text"] for each in rest["items"]] == ["first", "second"]
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert sorted(each.seq or 0 for each in follow(wrong, room, "bob", order=order)) == [1, 2]


@BOTH_WAYS
def test_no_gap_is_passed_however_old(client: Any, endpoint: str, right: Deployment, skew: int) -> None:
    """Of a message that is gone for good: whoever knows what time it is reads on."""
    room = a_room(client)
    writer = process(client, Clock(wall_clock() - 60_000))
    messages = [send(writer, room, "ann", f"text {number}") for number in range(3)]
    delete_message(client, room, message_key(messages[1].ts, messages[1].id))
    wrong = process_wrong_by(skew, endpoint)
    assert [each.seq for each in read(right, room, "bob", order="OLDEST_FIRST").items] == [1, 3]
    assert [each.seq for each in read(wrong, room, "bob", order="OLDEST_FIRST").items] == [1]
    page = read_changes(wrong, room, "bob", since=0)
    assert ([each["text"] for each in page["items"]], page["nextToken"] is None) == (["text 0"], False)


@BOTH_WAYS
def test_a_change_is_not_passed_before_it_is_visible(client: Any, endpoint: str, skew: int) -> None:
    room = a_room(client)
    visibility = PartialVisibility(client)
    wrong = process_wrong_by(skew, endpoint, hiding=visibility)
    writer = Deployment(store=store_of(visibility.writer), chance=lambda: 0.0)
    message = send(writer, room, "ann", "first")
    head = read(wrong, room, "bob").head
    edit(writer, message, "better")
    visibility.hide(0b1100)  # the entry of the change log, and the message
    given = {"since": head.rev, "after": to_wire(head.ts)}
    shown = read_changes(wrong, room, "bob", **given)
    assert (shown["items"], shown["reset"], shown["nextToken"] is None) == ([], False, False)
    visibility.reveal()
    rest = read_changes(wrong, room, "bob", **given, nextToken=shown["nextToken"])
    assert [each["text"] for each in rest["items"]] == ["better"]


@BOTH_WAYS
def test_who_loses_access_is_looked_at_twice(client: Any, endpoint: str, skew: int) -> None:
    room = a_room(client)
    visibility = PartialVisibility(client)
    wrong = process_wrong_by(skew, endpoint, hiding=visibility)
    writer = Deployment(store=store_of(visibility.writer), chance=lambda: 0.0)
    remove_member(writer, ANN, {"roomId": room, "userId": "bob"}, Tally())
    visibility.hide(0b10)  # the membership, and not the head
    with pytest.raises(ChatError) as refusal:
        on_message(wrong, BOB, {"roomId": room, "epoch": 2})
    assert refusal.value.code == "NotRoomMember"
