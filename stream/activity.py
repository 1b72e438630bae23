"""Which rooms had revisions since an instant: a scan of a table, whose price is to read all of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.aws import failures

Key = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The events of a room after the revision `since`, and up to `until` unless that is `None`."""

    room_id: str
    since: int
    until: int | None = None

    def and_(self, other: "Wanted") -> "Wanted":
        """Both, and what lies between."""
        until = None if None in (self.until, other.until) else max(self.until or 0, other.until or 0)
        return replace(self, since=min(self.since, other.since), until=until)


@dataclass(frozen=True, slots=True)
class Progress:
    """Rooms that were seen whole, and where the scan goes on: after `start`, with the first revision of the room that it is
    at in `open_room`. `start` is `None` at the end of the table."""

    found: list[Wanted]
    start: Key | None
    open_room: tuple[str, int] | None


def active_rooms(
    client: Any,
    table: Table,
    name: str,
    since_ms: int,
    start: Key | None = None,
    open_room: tuple[str, int] | None = None,
) -> Iterator[Progress]:
    """The rooms of a table with revisions from an instant (epoch milliseconds) on, a page of the scan at a time. Items of a
    partition lie together. Raises `StoreFailure`."""
    while True:
        with failures():
            page = client.scan(
                TableName=name, **_filter(since_ms), **({"ExclusiveStartKey": start} if start else {})
            )
        start = page.get("LastEvaluatedKey")
        found: list[Wanted] = []
        for item in page["Items"]:
            partition_key, rev = item["PK"]["S"], revision(item)
            if rev is None:
                continue
            if open_room and open_room[0] == partition_key:
                open_room = (partition_key, min(rev, open_room[1]))
                continue
            found += _closed(table, open_room)
            open_room = (partition_key, rev)
        if start is None or (open_room and start["PK"]["S"] != open_room[0]):
            found += _closed(table, open_room)
            open_room = None
        yield Progress(found, start, open_room)
        if start is None:
            return


def _closed(table: Table, open_room: tuple[str, int] | None) -> list[Wanted]:
    room = room_of(table, open_room[0]) if open_room else None
    return [Wanted(room.id, open_room[1] - 1)] if room and open_room else []


def room_of(table: Table, partition_key: str) -> Room | None:
    try:
        room = Room.lying_in(partition_key)
    except InvalidInput:
        return None
    return room if (room.table, room.partition_key) == (table, partition_key) else None


def revision(item: Mapping[str, Any]) -> int | None:
    """The earliest revision that an item tells: of a message, by which it was sent. `None` where it cannot be read: the
    item is another service's, or broken, and ends no scan."""
    number = item["sentRev"].get("N") if "sentRev" in item else item["SK"]["S"].partition("#")[2]
    return int(number) if isinstance(number, str) and number.isascii() and number.isdigit() else None


def _filter(since_ms: int) -> dict[str, Any]:
    return {
        "FilterExpression": "(SK BETWEEN :first AND :last AND attribute_exists(sentRev)) OR "
        "((begins_with(SK, :event) OR begins_with(SK, :change)) AND #ts >= :since)",
        "ProjectionExpression": "PK, SK, sentRev",
        "ExpressionAttributeNames": {"#ts": "ts"},
        "ExpressionAttributeValues": {
            ":first": {"S": keys.message_floor(since_ms)},
            ":last": {"S": keys.message_floor(keys.LATEST_MS)},
            ":event": {"S": keys.EVENTS},
            ":change": {"S": keys.CHANGES},
            ":since": {"N": str(since_ms)},
        },
        "ConsistentRead": True,
    }
