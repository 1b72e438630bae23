"""Which revisions of a room its stored events tell."""

from collections.abc import Iterator
from typing import Any

from chat.rules.events import RoomEvent
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.event_items import ERASED, as_last_told, event_of
from tests.guarantees.support.fixtures import partition, table_name


def events_of(items: list[Item]) -> Iterator[tuple[int, str]]:
    """Each revision that items of a room's partition tell, and how: a message's sending, its changes by the log, and
    everything else, summaries of reactions among it, by an item of its own. A message shows its last change alone."""
    for item in items:
        sort_key = item["SK"]["S"]
        if sort_key.startswith(keys.MESSAGES) and "sentRev" in item:
            yield int(item["sentRev"]["N"]), "MESSAGE_SENT"
        elif sort_key.startswith(keys.CHANGES) and item["kind"]["S"] not in ("reacted", "erased"):
            yield int(item["rev"]["N"]), item["kind"]["S"]
        elif sort_key.startswith(keys.EVENTS) and ERASED in item:
            yield int(item["rev"]["N"]), item["kind"]["S"]  # told before, and not again without the person
        elif sort_key.startswith(keys.EVENTS):
            event = event_of(item)
            assert event is not None
            assert sort_key == keys.event(event.rev)
            yield event.rev, event.kind


def check_every_revision_is_told(client: Any, room_id: str, since: int = 1) -> int:
    """From `since` up to that of the head each revision has one event, and none is beyond it. Answers the head's."""
    room = Room.parse(room_id)
    items = partition(client, table_name(room), room.partition_key)
    (head,) = [item for item in items if item["SK"] == {"S": keys.HEAD}]
    rev = int(head["rev"]["N"])
    told = sorted(each for each in events_of(items) if each[0] >= since)
    assert [number for number, _ in told] == list(range(since, rev + 1)), told
    changed = {number for number, kind in told if kind in ("edited", "removed")}
    messages = [as_last_told(item) for item in items if item["SK"]["S"].startswith(keys.MESSAGES)]
    shown = {int(item["rev"]["N"]) for item in messages if "rev" in item}
    assert {number for number in shown if number >= since} <= changed
    logged = {int(item["rev"]["N"]) for item in items if item.get("kind") == {"S": "reacted"}}
    assert {number for number in logged if number >= since} <= {
        number for number, kind in told if kind == "REACTIONS_CHANGED"
    }
    return rev


def stored_events(client: Any, room_id: str) -> list[RoomEvent]:
    """What the room's items tell now, by `rev`: of each message its last event."""
    room = Room.parse(room_id)
    found = [event_of(item) for item in partition(client, table_name(room), room.partition_key)]
    return sorted((event for event in found if event is not None), key=lambda event: event.rev)
