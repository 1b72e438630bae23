"""Whatever goes wrong on the way, an edit or a removal is made once, charged
once and logged once, or refused by name."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import ChatError, NotAllowed, NotRoomMember, ServiceUnavailable
from chat.rules.models import Message
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import ALL, LOST
from tests.guarantees.support.fixtures import (
    Clock,
    change_member,
    change_room,
    edit,
    items_of_a_send,
    new_room,
    partition,
    plain,
    process,
    remove,
    send,
    stored,
)
from tests.guarantees.support.proxy import Fault, Proxy


def edit_it(deployment: Deployment, sent: Message) -> Message:
    return edit(deployment, sent, "uno")


CHANGES: list[Callable[[Deployment, Message], Message]] = [edit_it, remove]


def entries(client: Any, room_id: str) -> list[dict[str, Any]]:
    return [plain(item) for item in partition(client, "gg_core", f"ROOM#{room_id}", "CHG#")]


def log(client: Any, sent: Message) -> list[tuple[int, int, str]]:
    """The room's log, as `(rev, prev, kind)`."""
    return [(entry["rev"], entry["prev"], entry["kind"]) for entry in entries(client, sent.room_id)]


def charged(client: Any, sent: Message) -> int:
    """The member's rate state, in µs."""
    return int(items_of_a_send(client, sent)[0]["tat"]["N"])


@pytest.mark.parametrize("fault", ALL)
def test_an_edit_is_tried_again_and_made_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 0.1, "personBurst": 3})
    sent = send(process(client, clock), room, "ann", "one")
    before = charged(client, sent)
    proxy.once("TransactWriteItems", fault, fault)
    edited = edit(process(proxied, clock), sent, "uno")
    assert (edited.text, edited.version, edited.rev) == ("uno", 2, 3)
    assert [(item["text"], item["version"], item["rev"]) for item in stored(client, room)] == [("uno", 2, 3)]
    assert log(client, sent) == [(3, 0, "edited")]
    assert charged(client, sent) - before == 10_000_000
    assert edit(process(client, clock), sent, "uno") == edited


@pytest.mark.parametrize("fault", ALL)
def test_a_removal_is_tried_again_and_made_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    room = new_room(client, "ann", "bob")
    sent = send(process(client, clock), room, "ann", "one")
    change_member(client, room, "bob", role="moderator")
    proxy.once("TransactWriteItems", fault, fault)
    removed = remove(process(proxied, clock), sent, "bob")
    assert (removed.text, removed.rev, removed.version) == (None, 3, 1)
    (item,) = stored(client, room)
    assert ("text" in item, item["removedBy"], item["seq"]) == (False, "bob", 1)
    assert log(client, sent) == [(3, 0, "removed")]
    assert remove(process(client, clock), sent) == removed


@pytest.mark.parametrize("fault", LOST)
def test_an_edit_whose_answer_was_lost_is_not_made_again_over_a_later_one(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    """The same user has written another text meanwhile, on another device."""
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one")
    other = process(client, clock)

    def edit_meanwhile(seconds: float) -> None:
        clock.sleep(seconds)
        edit(other, sent, "two")

    proxy.once("TransactWriteItems", fault)
    assert edit(process(proxied, clock, sleep=edit_meanwhile), sent, "uno").text == "two"
    assert [(item["text"], item["version"]) for item in stored(client, room)] == [("two", 3)]
    assert log(client, sent) == [(3, 0, "edited"), (4, 3, "edited")]


def test_an_edit_that_others_came_before_is_made_on_what_they_left(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann", "bob")
    sent = send(process(client, clock), room, "ann", "one")
    other = process(client, clock)

    overtake = faults.overtaken(lambda: send(other, room, "bob", "first"))
    proxy.once("TransactWriteItems", overtake, overtake)
    assert edit(process(proxied, clock), sent, "uno").rev == 5
    assert [item["text"] for item in stored(client, room)] == ["uno", "first", "first"]


@pytest.mark.parametrize("by", ["ann", "bob"])
def test_an_edit_never_brings_back_what_was_removed_meanwhile(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, by: str
) -> None:
    room = new_room(client, "ann", "bob")
    change_member(client, room, "bob", role="moderator")
    sent = send(process(client, clock), room, "ann", "one")

    proxy.once("TransactWriteItems", faults.overtaken(lambda: remove(process(client, clock), sent, by)))
    with pytest.raises(NotAllowed) as refused:
        edit(process(proxied, clock), sent, "uno")
    assert refused.value.values == {"reason": "removed"}
    assert ["text" in item for item in stored(client, room)] == [False]


def test_a_stale_read_of_the_message_is_not_believed(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    """A batch is not one instant: it may show the message before a removal, and the head after it."""
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one")
    old = items_of_a_send(client, sent)[3]
    remove(process(client, clock), sent)
    proxy.once("BatchGetItem", faults.showing(old))
    with pytest.raises(NotAllowed):
        edit(process(proxied, clock), sent, "uno")
    proxy.once("BatchGetItem", faults.showing(old))
    assert remove(process(proxied, clock), sent).rev == 3
    assert log(client, sent) == [(3, 0, "removed")]


def test_an_edit_is_not_published_in_an_epoch_that_is_over(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one")

    for change in CHANGES:
        proxy.once("TransactWriteItems", faults.overtaken(lambda: change_room(client, room, epoch=2)))
        assert change(process(proxied, clock), sent).epoch == 2
        assert stored(client, room)[0]["epoch"] == 2


def test_who_leaves_meanwhile_changes_nothing(proxy: Proxy, proxied: Any, client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", "bob")
    sent = send(process(client, clock), room, "ann", "one")

    leave = faults.overtaken(
        lambda: change_member(client, room, "ann", status="left"), lambda: change_room(client, room, epoch=2)
    )
    for change in CHANGES:
        change_member(client, room, "ann", status="active")
        proxy.once("TransactWriteItems", leave)
        with pytest.raises(NotRoomMember):
            change(process(proxied, clock), sent)
    assert stored(client, room)[0]["text"] == "one"


def test_a_moderator_who_loses_the_role_meanwhile_removes_nothing(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann", "bob")
    change_member(client, room, "bob", role="moderator")
    sent = send(process(client, clock), room, "ann", "one")

    demote = faults.overtaken(lambda: change_member(client, room, "bob", role="member"))
    proxy.once("TransactWriteItems", demote)
    with pytest.raises(NotAllowed):
        remove(process(proxied, clock), sent, "bob")
    assert stored(client, room)[0]["text"] == "one"


def test_what_does_not_pass_ends_at_the_deadline(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one")
    proxy.always("TransactWriteItems", faults.conflict(1))
    with pytest.raises(ServiceUnavailable):
        edit(process(proxied, clock), sent, "uno")
    assert 1.5 < clock.seconds <= 2


def test_many_edits_removals_and_sends_at_once_leave_one_chain(client: Any) -> None:
    clock = Clock()
    room = new_room(client, "ann", "bob")
    first = [send(process(client, clock), room, user, "text") for user in ("ann", "bob") for _ in range(4)]

    def work(number: int) -> None:
        ours = process(client, Clock(), deadline_s=60.0)
        message = first[number % 8]
        try:
            if number % 3 == 0:
                send(ours, room, message.sender_id, f"new {number}")
            elif number % 7 == 0:
                remove(ours, message)
            else:
                edit(ours, message, f"text {number}")
        except ChatError as refusal:
            assert refusal.values.get("reason") == "removed"  # noqa: PT017  any other refusal is the failure

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(48)))
    chain = log(client, first[0])
    assert [prev for _, prev, _ in chain] == [0, *(rev for rev, _, _ in chain)][:-1]
    items = stored(client, room)
    newest: dict[str, int] = {entry["messageSk"]: entry["rev"] for entry in entries(client, room)}
    assert {item["SK"]: item["rev"] for item in items if "rev" in item} == newest
    assert [item["seq"] for item in items] == list(range(1, len(items) + 1))
