"""What a message answers is never shown without a change that the room's head counts: `changes` would not bring it again."""

from typing import Any

import pytest

from chat.operations.send_message import send_message
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.support.fixtures import Clock, edit, new_room, process, read, remove, send
from tests.guarantees.support.partial_visibility import PartialVisibility


@pytest.mark.parametrize("change", ["edit", "removal"])
@pytest.mark.parametrize("hidden", range(16))
def test_a_quote_shows_every_change_that_the_head_counts_or_nothing(
    client: Any, clock: Clock, hidden: int, change: str
) -> None:
    """`hidden`: a bit for each item of the change's transaction that is not visible yet."""
    visibility = PartialVisibility(client)
    room = new_room(client, "ann", "bob")
    writing = process(visibility.writer, clock)
    first = send(writing, room, "ann", "first")
    named = {"roomId": room, "text": "an answer", "replyTo": first.id}
    send_message(writing, Caller("bob"), named, Tally())
    clock.jump(1_000)
    changed = edit(writing, first, "1st") if change == "edit" else remove(writing, first)
    visibility.hide(hidden)
    page = read(process(visibility.reader, clock), room, "bob", limit=1)
    if page.items:  # a page that may lack a change is cut
        (answer,) = page.items
        is_counted = page.head.rev == changed.rev
        expected = {None, changed.text} if change == "edit" else {None}
        if is_counted:
            assert (answer.quote and answer.quote["text"]) in expected
        if answer.quote and is_counted:
            assert answer.quote["rev"] == changed.rev
    visibility.reveal()
    (answer,) = read(process(visibility.reader, clock), room, "bob", limit=1).items
    assert answer.quote
    assert (answer.quote["text"], answer.quote["rev"]) == (changed.text, changed.rev)
