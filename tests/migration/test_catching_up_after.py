"""Whoever reads on across a room's adoption is brought to its head, and old messages can be edited and removed."""

from typing import Any

import pytest

from chat.operations.edit_message import edit_message
from chat.operations.remove_message import remove_message
from chat.operations.sync import sync
from chat.rules.errors import NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.support.fixtures import CURSOR_KEYS, Clock, process, read, read_changes
from tests.migration.old import adopt, mixture, old_room


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_a_head_from_before_leads_to_all_messages_of_after(client: Any, prefix: str) -> None:
    room = old_room(client, mixture(7), "ann", prefix=prefix)
    ours = process(client, Clock())
    before = read(ours, room.id, "ann")
    with pytest.raises(NotAllowed):
        read_changes(ours, room.id, "ann", since=before.head.rev)
    adopt(client, room)
    got, token = [], None
    while True:
        page = read_changes(ours, room.id, "ann", since=before.head.rev, limit=2, nextToken=token)
        got += page["items"]
        token = page["nextToken"]
        if token is None:
            break
    assert [item["seq"] for item in got] == list(range(1, 8))
    assert {item["id"] for item in got} == {message.id for message in before.items}


def test_an_old_message_is_edited_and_removed_and_changes_brings_both(client: Any) -> None:
    room = old_room(client, mixture(4), "ann")
    ours, ann = process(client, Clock()), Caller("ann")
    adopt(client, room)
    page = read(ours, room.id, "ann", order="OLDEST_FIRST")
    since = {"since": page.head.rev, "after": to_wire(page.head.ts)}
    one, two = (
        {"roomId": room.id, "id": message.id, "ts": to_wire(message.ts)} for message in page.items[:2]
    )
    edited = edit_message(ours, ann, {**one, "text": "as edited"}, Tally())
    removed = remove_message(ours, ann, two, Tally())
    page_after = read_changes(ours, room.id, "ann", **since)
    assert page_after["items"] == [edited.to_wire(), removed.to_wire()]
    assert (edited.seq, edited.version, removed.seq, removed.text) == (1, 2, 2, None)


def test_sync_leaves_a_room_out_until_it_is_adopted(client: Any) -> None:
    room = old_room(client, mixture(3), "somebody-who-syncs")
    ours, caller = process(client, Clock()), Caller("somebody-who-syncs")

    def synced(since: str | None) -> tuple[list[Any], str]:
        answer = sync(ours, CURSOR_KEYS, caller, {"since": since}, Tally())
        here = [(each["reset"], each["head"]["seq"]) for each in answer["rooms"] if each["roomId"] == room.id]
        return here, answer["token"]

    before, token = synced(None)
    assert before == []
    adopt(client, room)
    assert synced(token)[0] == [(True, 3)]
