"""`changes` and `messages` give no revision before all of it is visible, and
everything that is there despite faults."""

import threading
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
from tests.guarantees.support.partial_visibility import PartialVisibility
from tests.guarantees.support.proxy import Fault, Proxy

HEAD, ENTRY, MESSAGE = 0b0010, 0b0100, 0b1000
"""The items of an edit, in the order of its transaction; before them comes the member."""
SENT_HEAD, SENT_MESSAGE = 0b0100, 0b1000
"""Those of a send that a reader sees."""


class CatchUp:
    """A room with messages, and a reader who holds its head."""

    def __init__(self, client: Any, clock: Clock, count: int = 3) -> None:
        self.clock = clock
        self.visibility = PartialVisibility(client)
        self.room = new_room(client, "ann", "bob")
        self.writer = process(self.visibility.writer, clock)
        self.sent = [self.send() for _ in range(count)]
        self.head = read(process(client, clock), self.room, "bob").head

    def send(self, hidden: int = 0) -> Message:
        self.clock.jump(100)
        sent = send(self.writer, self.room, "ann", "as sent")
        self.visibility.hide(hidden)
        return sent

    def edit(self, message: Message, hidden: int = 0) -> Message:
        edited = edit(self.writer, message, "as edited")
        self.visibility.hide(hidden)
        return edited

    def changes(self, deployment: Deployment | None = None, **more: Any) -> dict[str, Any]:
        arguments = {"since": self.head.rev, "after": to_wire(self.head.ts), **more}
        ours = deployment or process(self.visibility.reader, self.clock)
        return read_changes(ours, self.room, "bob", **arguments)

    def check_waits_for(self, *expected: Message) -> None:
        """The answer is not complete before all is visible, and a cursor brings what was not visible yet."""
        first = self.changes()
        assert first["nextToken"]
        assert not first["reset"]
        assert all(item["text"] == "as edited" or not item["rev"] for item in first["items"])
        self.visibility.reveal()
        rest = self.changes(nextToken=first["nextToken"])
        assert rest["nextToken"] is None
        got = {item["id"]: item for item in first["items"] + rest["items"]}
        assert got == {message.id: message.to_wire() for message in expected}


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_an_edit_of_which_the_head_alone_is_visible_is_waited_for(
    client: Any, clock: Clock, hidden: int
) -> None:
    catch_up = CatchUp(client, clock)
    catch_up.check_waits_for(catch_up.edit(catch_up.sent[1], hidden))


@pytest.mark.parametrize("shown", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_an_edit_that_the_head_does_not_count_yet_is_given_later(
    client: Any, clock: Clock, shown: int
) -> None:
    catch_up = CatchUp(client, clock)
    edited = catch_up.edit(catch_up.sent[1], 0b1111 & ~shown)
    first = catch_up.changes()
    assert (first["items"], first["nextToken"], first["head"]) == ([], None, catch_up.head.to_wire())
    catch_up.visibility.reveal()
    assert catch_up.changes()["items"] == [edited.to_wire()]


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE])
def test_a_later_edit_does_not_hide_an_earlier_one(client: Any, clock: Clock, hidden: int) -> None:
    catch_up = CatchUp(client, clock)
    one = catch_up.edit(catch_up.sent[0], hidden)
    two = catch_up.edit(catch_up.sent[1])
    catch_up.check_waits_for(one, two)


@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_a_new_message_is_not_given_without_an_edit_that_the_head_counts(
    client: Any, clock: Clock, hidden: int
) -> None:
    """Its entry would never be read again, since by then the reader holds a later revision."""
    catch_up = CatchUp(client, clock)
    catch_up.check_waits_for(catch_up.edit(catch_up.send(), hidden))


def test_a_new_message_whose_edit_was_passed_over_long_ago_is_given_as_it_is(
    client: Any, clock: Clock
) -> None:
    catch_up = CatchUp(client, clock)
    new = catch_up.edit(catch_up.send())
    clock.jump(20_000)
    last = catch_up.send()
    assert catch_up.changes()["items"] == [new.to_wire(), last.to_wire()]


def test_a_new_message_is_waited_for(client: Any, clock: Clock) -> None:
    catch_up = CatchUp(client, clock)
    hidden = catch_up.send(SENT_MESSAGE)
    catch_up.check_waits_for(hidden, catch_up.send())
    catch_up = CatchUp(client, clock)
    catch_up.check_waits_for(catch_up.send(), catch_up.send(SENT_MESSAGE))


def test_a_change_that_shows_meanwhile_is_found_by_the_same_call(client: Any, clock: Clock) -> None:
    for hide in (ENTRY, MESSAGE):
        catch_up = CatchUp(client, clock)
        edited = catch_up.edit(catch_up.sent[0], hide)

        def sleep_and_reveal(seconds: float, catch_up: CatchUp = catch_up) -> None:
            clock.sleep(seconds)
            catch_up.visibility.reveal()

        page = catch_up.changes(process(catch_up.visibility.reader, clock, sleep=sleep_and_reveal))
        assert (page["items"], page["nextToken"]) == ([edited.to_wire()], None)


def test_what_does_not_show_in_time_is_lost_and_begins_anew(client: Any, clock: Clock) -> None:
    for later in (False, True):
        catch_up = CatchUp(client, clock)
        catch_up.edit(catch_up.sent[0], ENTRY)
        if later:
            catch_up.edit(catch_up.sent[1])
        assert catch_up.changes()["nextToken"]
        clock.jump(10_000)
        page = catch_up.changes()
        assert (page["items"], page["nextToken"], page["reset"]) == ([], None, True)
        assert page["head"]["rev"] == catch_up.head.rev + 1 + later


@pytest.mark.parametrize("order", ["OLDEST_FIRST", "NEWEST_FIRST"])
@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("hidden", [ENTRY, MESSAGE, ENTRY | MESSAGE])
def test_a_page_of_messages_holds_all_that_its_head_counts(
    client: Any, clock: Clock, order: str, limit: int, hidden: int
) -> None:
    """Else whoever goes on from that head with `changes` would never get it."""
    catch_up = CatchUp(client, clock, 4)
    catch_up.edit(catch_up.sent[0])
    edited = catch_up.edit(catch_up.sent[1], hidden)
    catch_up.edit(catch_up.sent[2])
    ours, got, token = process(catch_up.visibility.reader, clock), [], None
    for _ in range(20):
        page = read(ours, catch_up.room, "bob", order=order, limit=limit, nextToken=token)
        got += page.items
        token = page.next_token
        if token is None:
            break
        if not page.items:
            catch_up.visibility.reveal()
    assert sorted(message.seq or 0 for message in got) == [1, 2, 3, 4]
    assert edited in got


def test_a_page_is_read_again_after_a_head_that_counts_a_recent_edit(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    """Head and page are read beside each other, so the page may be from
    before the edit and the head from after it. It is read again at once: nothing has to be waited for."""
    catch_up = CatchUp(client, clock)
    edited: list[Message] = []
    pauses: list[float] = []
    is_edited = threading.Event()

    def edit_after_reading(exchange: faults.Exchange) -> None:
        status, body = exchange.forward()
        edited.append(catch_up.edit(catch_up.sent[0]))
        is_edited.set()
        exchange.reply(status, body)

    def wait_for_the_edit(exchange: faults.Exchange) -> None:
        assert is_edited.wait(faults.LONGEST_WAIT_S)
        faults.pass_on(exchange)

    proxy.once("Query", edit_after_reading)
    proxy.once("BatchGetItem", wait_for_the_edit)
    page = read(process(proxied, clock, sleep=pauses.append), catch_up.room, "bob")
    assert page.head.rev == edited[0].rev
    assert page.items[-1] == edited[0]
    assert pauses == []
    clock.jump(10_000)
    proxy.operations.clear()
    read(process(proxied, clock), catch_up.room, "bob")
    assert sorted(proxy.operations) == ["BatchGetItem", "Query"]


def test_a_log_of_which_the_old_part_has_expired_holds_no_page_up(client: Any, clock: Clock) -> None:
    catch_up = CatchUp(client, clock)
    catch_up.edit(catch_up.sent[0])
    clock.jump(31 * DAY_MS)
    delete_message(client, catch_up.room, f"CHG#{catch_up.head.rev + 1:012d}")
    edited = catch_up.edit(catch_up.sent[1])
    ours = process(client, clock)
    page = read(ours, catch_up.room, "bob")
    assert page.next_token is None
    assert edited in page.items
    assert catch_up.changes()["reset"]
    later = read_changes(
        ours, catch_up.room, "bob", since=catch_up.head.rev + 1, after=to_wire(catch_up.head.ts)
    )
    assert later["items"] == [edited.to_wire()]


def test_what_expired_meanwhile_is_no_gap_to_be_waited_for(client: Any, clock: Clock) -> None:
    """The message held has expired, and so has the one after it; the next was sent just now."""
    catch_up = CatchUp(client, clock, 1)
    change_room(client, catch_up.room, retentionDays=7)
    catch_up.send()
    clock.jump(8 * DAY_MS)
    new = catch_up.send()
    page = catch_up.changes()
    assert (page["items"], page["nextToken"]) == ([new.to_wire()], None)


def test_many_expired_messages_end_a_page_and_not_the_reading(client: Any, clock: Clock) -> None:
    catch_up = CatchUp(client, clock, 1)
    change_room(client, catch_up.room, retentionDays=7)
    for _ in range(40):
        catch_up.send()
    change_room(client, catch_up.room, retentionDays=365)
    clock.jump(8 * DAY_MS)
    hidden = catch_up.send(SENT_MESSAGE)
    last = catch_up.send()
    got, token = [], None
    for _ in range(60):
        page = catch_up.changes(limit=1, nextToken=token)
        got += page["items"]
        token = page["nextToken"]
        if token is None:
            break
        if len(stored(client, catch_up.room)) == 43 and not page["items"]:
            clock.sleep(0.1)
            if clock.seconds > 2:
                catch_up.visibility.reveal()
    assert got == [hidden.to_wire(), last.to_wire()]


def test_the_message_held_may_be_gone(client: Any, clock: Clock) -> None:
    catch_up = CatchUp(client, clock)
    for item in stored(client, catch_up.room)[1:]:
        delete_message(client, catch_up.room, item["SK"])
    clock.jump(20_000)
    new = catch_up.send()
    clock.jump(10_000)
    page = catch_up.changes()
    assert (page["items"], page["nextToken"]) == ([new.to_wire()], None)


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
@pytest.mark.parametrize(
    "fault",
    [
        faults.error("ThrottlingException"),
        faults.error("InternalServerError", 500),
        faults.lost_answer,
        faults.truncated_answer,
        faults.garbled_answer,
    ],
)
def test_a_read_that_failed_is_tried_again(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: str, fault: Fault
) -> None:
    catch_up = CatchUp(client, clock)
    edited, new = catch_up.edit(catch_up.sent[0]), catch_up.send()
    removed = remove(catch_up.writer, catch_up.sent[1])
    proxy.once(operation, fault, faults.pass_on, fault)
    page = catch_up.changes(process(proxied, clock))
    assert page["items"] == [each.to_wire() for each in (edited, removed, new)]


def test_reads_are_tried_again_within_one_deadline(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    catch_up = CatchUp(client, clock)
    catch_up.edit(catch_up.sent[0])
    proxy.always("Query", faults.error("ThrottlingException"))
    started = clock.seconds
    with pytest.raises(ServiceUnavailable):
        catch_up.changes(process(proxied, clock))
    assert clock.seconds - started <= 2


def test_what_it_costs(proxy: Proxy, proxied: Any, client: Any, clock: Clock) -> None:
    """Requests: one where nothing happened; two more for edits; two more for new messages."""
    catch_up = CatchUp(client, clock)
    clock.jump(60_000)

    def requests() -> list[str]:
        proxy.operations.clear()
        catch_up.changes(process(proxied, clock))
        return list(proxy.operations)

    assert requests() == ["BatchGetItem"]
    catch_up.edit(catch_up.sent[0])
    assert requests() == ["BatchGetItem", "Query", "BatchGetItem"]
    catch_up.send()
    assert requests() == ["BatchGetItem", "Query", "Query", "BatchGetItem", "Query"]
