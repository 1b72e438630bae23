"""A room that a fast clock has stamped goes on, in order, and what is read of it costs no more than before.

Here the store does not tell its time, as it was for rooms from before; so a fast clock could write.
"""

from typing import Any

import pytest

from chat.rules.models import Message
from chat.storage import keys
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.guarantees.clocks.skews import AHEAD, YEAR_MS
from tests.guarantees.support.fixtures import (
    Clock,
    delete_message,
    edit,
    new_room,
    process,
    read,
    read_changes,
    send,
    stored,
)
from tests.guarantees.support.meter import metered
from tests.guarantees.support.partial_visibility import PartialVisibility

STAMPED_AHEAD = pytest.mark.parametrize("skew", AHEAD.values(), ids=AHEAD)
PATIENCE_MS, SKEW_MS = 10_000, 3_000


def a_room_stamped_ahead(
    client: Any, clock: Clock, skew: int, *, right: int = 1
) -> tuple[str, list[Message]]:
    """So many messages by a clock that was right, one by a fast one."""
    room = new_room(client, "ann", "bob")
    sent = [send(process(client, clock), room, "ann", "right") for _ in range(right)]
    return room, [*sent, send(process(client, Clock(clock.ms + skew)), room, "ann", "ahead")]


def key_of(message: Message) -> str:
    return keys.message(message.ts, message.id)


@STAMPED_AHEAD
def test_its_messages_say_when_they_were_written(client: Any, clock: Clock, skew: int) -> None:
    room, sent = a_room_stamped_ahead(client, clock, skew)
    clock.sleep(0.5)
    sent.append(send(process(client, clock), room, "bob", "hello"))
    assert [message.ts for message in sent] == sorted({message.ts for message in sent})
    items = stored(client, room)
    assert [item.get("writtenAt") for item in items] == [None, None, clock.ms if skew > SKEW_MS else None]
    assert "writtenAt" not in sent[-1].to_wire()
    assert read(process(client, clock), room, "bob", order="OLDEST_FIRST").items == sent


@STAMPED_AHEAD
def test_a_gap_before_its_leap_is_passed_once_somebody_has_written(
    client: Any, clock: Clock, skew: int
) -> None:
    """The message before the leap has expired. Whether the one after it was just written nobody knows, until a
    message after that has an instant of its own."""
    room, (first, gone, ahead) = a_room_stamped_ahead(client, clock, skew, right=2)
    reader = process(client, clock)
    delete_message(client, room, key_of(gone))
    later = send(process(client, clock), room, "bob", "hello")
    clock.sleep((PATIENCE_MS + min(skew, SKEW_MS)) / 1_000)
    newest = send(process(client, clock), room, "bob", "hello again")
    expected = [message.text for message in (first, ahead, later, newest)]
    told = read(reader, room, "bob", order="OLDEST_FIRST")
    assert ([each.text for each in told.items], told.next_token) == (expected, None), (
        "in one page, without waiting"
    )
    page = read_changes(reader, room, "bob", since=0)
    assert ([each["text"] for each in page["items"]], page["nextToken"]) == (expected, None)


@STAMPED_AHEAD
def test_what_is_not_visible_yet_is_not_passed(client: Any, clock: Clock, skew: int) -> None:
    visibility = PartialVisibility(client)
    room, _ = a_room_stamped_ahead(client, clock, skew)
    writer, reader = process(visibility.writer, clock), process(visibility.reader, clock)
    start = read(reader, room, "bob").head
    clock.sleep(PATIENCE_MS / 1_000)
    send(writer, room, "ann", "three")
    visibility.hide(0b1000)
    send(writer, room, "ann", "four")
    shown = read_changes(reader, room, "bob", since=start.rev)
    assert [each["text"] for each in shown["items"]] == ["right", "ahead"]
    assert shown["nextToken"]
    page = read(reader, room, "bob", order="OLDEST_FIRST")
    assert ([each.seq for each in page.items], page.next_token is None) == ([1, 2], False)
    visibility.reveal()
    rest = read_changes(reader, room, "bob", since=start.rev, nextToken=shown["nextToken"])
    assert [each["text"] for each in rest["items"]] == ["three", "four"]


@STAMPED_AHEAD
def test_an_edit_is_recent_for_as_long_as_any_other(
    client: Any, endpoint: str, clock: Clock, skew: int
) -> None:
    """Then nobody looks into the change log for it, nor reads the page again."""
    room, (first, _) = a_room_stamped_ahead(client, clock, skew)
    edit(process(client, clock), first, "better")
    clock.sleep((PATIENCE_MS + min(skew, SKEW_MS)) / 1_000)
    own = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    requests = metered(own)
    page = read(process(own, clock), room, "bob")
    assert [each.text for each in page.items] == ["ahead", "better"]
    assert requests.operations == {"BatchGetItem": 1, "Query": 2 if skew > YEAR_MS else 1}
