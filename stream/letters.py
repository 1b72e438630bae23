"""Dead letters, as pointers to rooms: our own, of a record that was set aside, and Lambda's, of a part of a shard that it gave
up. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chat.rules.instants import from_wire
from chat.rules.rooms import Table
from chat.storage import keys
from chat.storage.aws import StoreFailure, failures
from stream.activity import Wanted, room_of

AT_ONCE = 10
HIDDEN_S = 900
"""How long a letter is hidden from others while its rooms are worked on."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter's text, and what takes it out of its queue once it is dealt with."""

    text: str
    remove: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Since:
    """Everything in a table since an instant (epoch milliseconds): of a letter whose part of the stream is gone."""

    table: Table
    ms: int


class Unclear(Exception):
    """A letter from which no room can be told; the text says why in a few words."""


def letters_in(place: str, sqs: Callable[[], Any]) -> Iterator[Letter]:
    """The letters in a queue, by its address, or in a file of this machine, `file:PATH`. Raises `StoreFailure`."""
    if place.startswith("file:"):
        yield from _in_file(Path(place.removeprefix("file:")))
        return
    client = sqs()
    while True:
        with failures():
            answer = client.receive_message(
                QueueUrl=place, MaxNumberOfMessages=AT_ONCE, VisibilityTimeout=HIDDEN_S, WaitTimeSeconds=1
            )
        messages = answer.get("Messages") or []
        if not messages:
            return
        for each in messages:
            yield Letter(each["Body"], partial(_delete, client, place, each["ReceiptHandle"]))


def _delete(client: Any, url: str, handle: str) -> None:
    with failures():
        client.delete_message(QueueUrl=url, ReceiptHandle=handle)


def _in_file(path: Path) -> Iterator[Letter]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        yield Letter(line, partial(_strike, path, line))


def _strike(path: Path, line: str) -> None:
    """Another program may have added lines meanwhile."""
    left = path.read_text(encoding="utf-8").splitlines()
    left.remove(line)
    partial = path.with_suffix(".partial")
    partial.write_text("".join(f"{each}\n" for each in left), encoding="utf-8")
    partial.replace(path)


class Reader:
    """What letters are about. `names`: the tables' names. `dynamodb`, `streams`: clients."""

    def __init__(self, names: Mapping[Table, str], dynamodb: Any, streams: Callable[[], Any]) -> None:
        self._tables: dict[str, Table] = {name: table for table, name in names.items()}
        self._dynamodb, self._streams = dynamodb, streams

    def read(self, text: str) -> list[Wanted] | Since:
        """The rooms' revisions that a letter points to. Raises `Unclear` and `StoreFailure`."""
        try:
            letter = json.loads(text)
            batch = letter.get("DDBStreamBatchInfo")
            if batch is not None:
                return self._of_batch(batch)
            table = self._table(letter["table"])
            return [self._of_item(table, letter["keys"]["PK"], letter["keys"]["SK"])]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unclear("no dead letter, or one without a key") from None

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise Unclear("of another table")
        return self._tables[name]

    def _of_item(self, table: Table, partition_key: str, sort_key: str) -> Wanted:
        room = room_of(table, partition_key)
        if room is None:
            raise Unclear("of no room")
        if sort_key.startswith(keys.EVENTS):
            rev = int(sort_key.partition("#")[2])
            return Wanted(room.id, rev - 1, rev)
        with failures():
            name = {own: each for each, own in self._tables.items()}[table]
            key = {"PK": {"S": partition_key}, "SK": {"S": sort_key}}
            item = self._dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            raise Unclear("its message is gone")
        return Wanted(room.id, *_span(item))

    def _of_batch(self, batch: Mapping[str, Any]) -> list[Wanted] | Since:
        """What the stream still has of it; else all since it came in."""
        table = self._table(batch["streamArn"].split("/")[1])
        try:
            return self._in_stream(table, batch)
        except StoreFailure:
            ms, _ = from_wire(batch["approximateArrivalOfFirstRecord"])
            return Since(table, ms - 60_000)

    def _in_stream(self, table: Table, batch: Mapping[str, Any]) -> list[Wanted]:
        client, found = self._streams(), dict[str, Wanted]()
        first, last = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
        with failures():
            iterator = client.get_shard_iterator(
                StreamArn=batch["streamArn"],
                ShardId=batch["shardId"],
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=batch["startSequenceNumber"],
            )["ShardIterator"]
        seen = first - 1
        while iterator and seen < last:
            with failures():
                page = client.get_records(ShardIterator=iterator)
            iterator = page.get("NextShardIterator")
            for record in page["Records"]:
                seen = int(record["dynamodb"]["SequenceNumber"])
                if first <= seen <= last and (wanted := _of_record(table, record)) is not None:
                    known = found.get(wanted.room_id)
                    found[wanted.room_id] = known.and_(wanted) if known else wanted
        return list(found.values())


def _of_record(table: Table, record: Mapping[str, Any]) -> Wanted | None:
    image = record["dynamodb"].get("NewImage") or {}
    key = record["dynamodb"]["Keys"]
    room = room_of(table, key["PK"]["S"])
    if room is None or not key["SK"]["S"].startswith((keys.MESSAGES, keys.EVENTS)):
        return None
    try:
        return Wanted(room.id, *_span({**image, "SK": key["SK"]}))
    except (ValueError, KeyError, TypeError):
        return None


def _span(item: Mapping[str, Any]) -> tuple[int, int]:
    """`since` and `until` for the revisions that an item tells."""
    revs = [int(item[name]["N"]) for name in ("sentRev", "rev") if name in item]
    revs = revs or [int(item["SK"]["S"].partition("#")[2])]
    return min(revs) - 1, max(revs)
