"""`changes` and `messages` tell of no revision before all of it is visible, and of everything that is there despite faults."""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.instants import to_wire
from chat.rules.models import Message
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import (
    DAY_MS,
    Clock,
    change_room,
    delete_message,
    edit,
    new_room,
    process,
    read,
    read_changes,
    remove,
    send,
    stored,
)
from tests.guarantees.support.partial_visibility import Torn
from tests.guarantees.support.proxy import Fault, Proxy

HEAD, ENTRY, MESSAGE = 0b0010, 0b0100, 0b1000
"""The items of an edit, in the order of its transaction; before them comes the member."""
SENT_HEAD, SENT_MESSAGE = 0b0100, 0b1000
"""Those of a send that a reader sees."""


class Scene:
    """A room with messages, and a reader who holds its head."""

    def __init__(self, client: Any, clock: Clock, count: int = 3) -> None:
        self.clock = clock
        self.torn = Torn(client)
        self.room = new_room(client, "ann", "bob")
        self.writer = process(self.torn.writing, clock)
        self.sent = [self.send() for _ in range(count)]
        self.head = read(process(client, clock), self.room, "bob").head

    def send(self, hidden: int = 0) -> Message:
        self.clock.jump(100)
        sent = send(self.writer, self.room, "ann", "as sent")
        self.torn.tear(hidden)
        return sent

    def edit(self, message: Message, hidden: int = 0) -> Message:
        edited = edit(self.writer, message, "as edited")
        self.torn.tear(hidden)
        return edited

    def ask(self, deployment: Deployment | None = None, **more: Any) -> dict[str, Any]:
        arguments = {"since": self.head.rev, "after": to_wire(self.head.ts), **more}
        ours = deployment or process(self.torn.reading, self.clock)
        return read_changes(ours, self.room, "bob", **arguments)

    def is_told_once_visible(self, *expected: Message) -> None:
        """Nothing is said to be all before it is, and a cursor brings what was not visible yet."""
        first = self.ask()
        assert first["nextToken"]
        assert not first["reset"]
        assert all(item["text"] == "as edited" or not item["rev"] for item in first["items"])
        self.torn.settle()
        rest = self.ask(nextToken=first["nextToken"])
        assert rest["nextToken"] is None
        got = {item["id"]: item for item in first["items"] + rest["items"]}
        assert got == {message.id: message.to_wire() for message in expected}


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_an_edit_of_which_the_head_alone_is_visible_is_waited_for(
    client: Any, clock: Clock, hidden: int
) -> None:
    scene = Scene(client, clock)
    scene.is_told_once_visible(scene.edit(scene.sent[1], hidden))


@pytest.mark.parametrize("shown", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_an_edit_that_the_head_does_not_count_yet_is_told_later(
    client: Any, clock: Clock, shown: int
) -> None:
    scene = Scene(client, clock)
    edited = scene.edit(scene.sent[1], 0b1111 & ~shown)
    first = scene.ask()
    assert (first["items"], first["nextToken"], first["head"]) == ([], None, scene.head.to_wire())
    scene.torn.settle()
    assert scene.ask()["items"] == [edited.to_wire()]


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE])
def test_a_later_edit_does_not_hide_an_earlier_one(client: Any, clock: Clock, hidden: int) -> None:
    scene = Scene(client, clock)
    one = scene.edit(scene.sent[0], hidden)
    two = scene.edit(scene.sent[1])
    scene.is_told_once_visible(one, two)


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_a_new_message_is_not_given_without_an_edit_that_the_head_counts(
    client: Any, clock: Clock, hidden: int
) -> None:
    """Its entry would never be read again, since by then the reader holds a later revision."""
    scene = Scene(client, clock)
    scene.is_told_once_visible(scene.edit(scene.send(), hidden))


def test_a_new_message_whose_edit_was_passed_over_long_ago_is_given_as_it_is(
    client: Any, clock: Clock
) -> None:
    scene = Scene(client, clock)
    new = scene.edit(scene.send())
    clock.jump(20_000)
    last = scene.send()
    assert scene.ask()["items"] == [new.to_wire(), last.to_wire()]


def test_a_new_message_is_waited_for(client: Any, clock: Clock) -> None:
    scene = Scene(client, clock)
    hidden = scene.send(SENT_MESSAGE)
    scene.is_told_once_visible(hidden, scene.send())
    scene = Scene(client, clock)
    scene.is_told_once_visible(scene.send(), scene.send(SENT_MESSAGE))


def test_a_change_that_shows_meanwhile_is_found_by_the_same_call(client: Any, clock: Clock) -> None:
    for hide in (ENTRY, MESSAGE):
        scene = Scene(client, clock)
        edited = scene.edit(scene.sent[0], hide)

        def sleep_and_settle(seconds: float, scene: Scene = scene) -> None:
            clock.sleep(seconds)
            scene.torn.settle()

        page = scene.ask(process(scene.torn.reading, clock, sleep=sleep_and_settle))
        assert (page["items"], page["nextToken"]) == ([edited.to_wire()], None)


def test_what_does_not_show_in_time_is_lost_and_begins_anew(client: Any, clock: Clock) -> None:
    for later in (False, True):
        scene = Scene(client, clock)
        scene.edit(scene.sent[0], ENTRY)
        if later:
            scene.edit(scene.sent[1])
        assert scene.ask()["nextToken"]
        clock.jump(10_000)
        page = scene.ask()
        assert (page["items"], page["nextToken"], page["reset"]) == ([], None, True)
        assert page["head"]["rev"] == scene.head.rev + 1 + later


@pytest.mark.parametrize("order", ["OLDEST_FIRST", "NEWEST_FIRST"])
@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_a_page_of_messages_holds_all_that_its_head_counts(
    client: Any, clock: Clock, order: str, limit: int, hidden: int
) -> None:
    """Else whoever goes on from that head with `changes` would never be told."""
    scene = Scene(client, clock, 4)
    scene.edit(scene.sent[0])
    edited = scene.edit(scene.sent[1], hidden)
    scene.edit(scene.sent[2])
    ours, got, token = process(scene.torn.reading, clock), [], None
    for _ in range(20):
        page = read(ours, scene.room, "bob", order=order, limit=limit, nextToken=token)
        got += page.items
        token = page.next_token
        if token is None:
            break
        if not page.items:
            scene.torn.settle()
    assert sorted(message.seq or 0 for message in got) == [1, 2, 3, 4]
    assert edited in got


def test_a_page_is_read_again_after_a_head_that_counts_a_young_edit(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock
) -> None:
    """Head and page are read beside each other, so the page may be from before the edit and the head from after it."""
    scene = Scene(client, clock)
    edited: list[Message] = []

    def edit_after_reading(exchange: faults.Exchange) -> None:
        status, body = exchange.forward()
        edited.append(scene.edit(scene.sent[0]))
        exchange.reply(status, body)

    def wait_for_the_edit(exchange: faults.Exchange) -> None:
        while not edited:
            pass
        faults.pass_on(exchange)

    proxy.once("Query", edit_after_reading)
    proxy.once("BatchGetItem", wait_for_the_edit)
    page = read(process(impatient, clock), scene.room, "bob")
    assert page.head.rev == edited[0].rev
    assert page.items[-1] == edited[0]
    clock.jump(10_000)
    proxy.operations.clear()
    read(process(impatient, clock), scene.room, "bob")
    assert sorted(proxy.operations) == ["BatchGetItem", "Query"]


def test_a_log_of_which_the_old_part_has_expired_holds_no_page_up(client: Any, clock: Clock) -> None:
    scene = Scene(client, clock)
    scene.edit(scene.sent[0])
    clock.jump(31 * DAY_MS)
    delete_message(client, scene.room, f"CHG#{scene.head.rev + 1:012d}")
    edited = scene.edit(scene.sent[1])
    ours = process(client, clock)
    page = read(ours, scene.room, "bob")
    assert page.next_token is None
    assert edited in page.items
    assert scene.ask()["reset"]
    told = read_changes(ours, scene.room, "bob", since=scene.head.rev + 1, after=to_wire(scene.head.ts))
    assert told["items"] == [edited.to_wire()]


def test_what_expired_meanwhile_is_no_hole_to_be_waited_for(client: Any, clock: Clock) -> None:
    """The message held has expired, and so has the one after it; the next was sent just now."""
    scene = Scene(client, clock, 1)
    change_room(client, scene.room, retentionDays=7)
    scene.send()
    clock.jump(8 * DAY_MS)
    new = scene.send()
    page = scene.ask()
    assert (page["items"], page["nextToken"]) == ([new.to_wire()], None)


def test_a_stretch_of_expired_messages_ends_a_page_and_not_the_reading(client: Any, clock: Clock) -> None:
    scene = Scene(client, clock, 1)
    change_room(client, scene.room, retentionDays=7)
    for _ in range(40):
        scene.send()
    change_room(client, scene.room, retentionDays=365)
    clock.jump(8 * DAY_MS)
    hidden = scene.send(SENT_MESSAGE)
    last = scene.send()
    got, token = [], None
    for _ in range(60):
        page = scene.ask(limit=1, nextToken=token)
        got += page["items"]
        token = page["nextToken"]
        if token is None:
            break
        if len(stored(client, scene.room)) == 43 and not page["items"]:
            clock.sleep(0.1)
            if clock.seconds > 2:
                scene.torn.settle()
    assert got == [hidden.to_wire(), last.to_wire()]


def test_the_place_held_may_be_gone(client: Any, clock: Clock) -> None:
    scene = Scene(client, clock)
    for item in stored(client, scene.room)[1:]:
        delete_message(client, scene.room, item["SK"])
    clock.jump(20_000)
    new = scene.send()
    clock.jump(10_000)
    page = scene.ask()
    assert (page["items"], page["nextToken"]) == ([new.to_wire()], None)


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
@pytest.mark.parametrize(
    "fault",
    [
        faults.error("ThrottlingException"),
        faults.error("InternalServerError", 500),
        faults.lost_answer,
        faults.torn_answer,
        faults.garbled_answer,
    ],
)
def test_a_read_that_failed_is_tried_again(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock, operation: str, fault: Fault
) -> None:
    scene = Scene(client, clock)
    edited, new = scene.edit(scene.sent[0]), scene.send()
    removed = remove(scene.writer, scene.sent[1])
    proxy.once(operation, fault, faults.pass_on, fault)
    page = scene.ask(process(impatient, clock))
    assert page["items"] == [each.to_wire() for each in (edited, removed, new)]


def test_reads_are_tried_again_within_one_deadline(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock
) -> None:
    scene = Scene(client, clock)
    scene.edit(scene.sent[0])
    proxy.always("Query", faults.error("ThrottlingException"))
    started = clock.seconds
    with pytest.raises(ServiceUnavailable):
        scene.ask(process(impatient, clock))
    assert clock.seconds - started <= 2


def test_what_it_costs(proxy: Proxy, impatient: Any, client: Any, clock: Clock) -> None:
    """Requests: one where nothing happened; two more for edits; two more for new messages."""
    scene = Scene(client, clock)
    clock.jump(60_000)

    def requests() -> list[str]:
        proxy.operations.clear()
        scene.ask(process(impatient, clock))
        return list(proxy.operations)

    assert requests() == ["BatchGetItem"]
    scene.edit(scene.sent[0])
    assert requests() == ["BatchGetItem", "Query", "BatchGetItem"]
    scene.send()
    assert requests() == ["BatchGetItem", "Query", "Query", "BatchGetItem", "Query"]
