"""The requests of this program to DynamoDB: patient with its weather, and no faster than it was told to be."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from chat.rules.models import Item
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.aws import Cancelled, TransientFailure, failures
from chat.storage.items import key, values

FIRST_PAUSE_S, LONGEST_PAUSE_S, ATTEMPTS = 0.05, 5.0, 12
BATCH_READ = 100
LARGEST_TRANSACTION = 3_000_000
"""Bytes; DynamoDB takes 4 MB: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""

Answer = TypeVar("Answer")


class Pace:
    """At most `per_second` items, on average. `monotonic` gives seconds, `sleep` takes them."""

    def __init__(
        self, per_second: float, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self.sleep = sleep
        self._due = monotonic()

    def take(self, count: int) -> None:
        """Wait until the items before these have had their time."""
        now = self._monotonic()
        if self._due > now:
            self.sleep(self._due - now)
        self._due = max(self._due, now) + count / self._per_second


class Tables:
    """Both tables. Raises `StoreFailure`; after transient failures every request is made again, up to half a minute.

    `client` is a DynamoDB client of botocore; `names` gives the table's name for `core` and `guild`.
    """

    def __init__(self, client: Any, names: Mapping[Table, str], pace: Pace) -> None:
        self._client = client
        self._names = names
        self._pace = pace

    def partitions(self, table: Table) -> Iterator[str | None]:
        """The partition keys with messages that have no number, or with an adoption under way, each as often as it is
        met; `None` after each of the scan's pages."""
        request: dict[str, Any] = {
            "TableName": self._names[table],
            "FilterExpression": "begins_with(SK, :messages) AND attribute_not_exists(seq) OR SK = :adoption",
            "ExpressionAttributeValues": values({":messages": "MSG#", ":adoption": keys.ADOPTION}),
            "ProjectionExpression": "PK",
        }
        for items in self._pages("scan", request):
            yield from (item["PK"]["S"] for item in items)
            yield None

    def messages(self, room: Room) -> Iterator[Item]:
        """Everything below `MSG#` in a room's partition, as it is now."""
        return self.below(room, "MSG#")

    def below(self, room: Room, prefix: str) -> Iterator[Item]:
        """Everything in a room's partition whose sort key begins with `prefix`, as it is now."""
        request: dict[str, Any] = {
            "TableName": self._names[room.table],
            "KeyConditionExpression": "PK = :room AND begins_with(SK, :prefix)",
            "ExpressionAttributeValues": values({":room": room.partition_key, ":prefix": prefix}),
            "ConsistentRead": True,
        }
        for items in self._pages("query", request):
            yield from items

    def _pages(self, operation: str, request: dict[str, Any]) -> Iterator[list[Item]]:
        while True:
            answer = self._patiently(lambda: getattr(self._client, operation)(**request))
            yield answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def items(self, room: Room, wanted: Sequence[Item]) -> list[Item]:
        """The items under these keys that exist, in any order."""
        name, found = self._names[room.table], []
        for start in range(0, len(wanted), BATCH_READ):
            left: list[Item] = list(wanted[start : start + BATCH_READ])
            while left:
                asked = {name: {"Keys": left, "ConsistentRead": True}}
                answer = self._patiently(lambda asked=asked: self._client.batch_get_item(RequestItems=asked))  # type: ignore[misc]
                found += answer["Responses"].get(name, [])
                left = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        return found

    def item(self, room: Room, partition_key: str, sort_key: str) -> Item | None:
        return next(iter(self.items(room, [key(partition_key, sort_key)])), None)

    def write(self, room: Room, actions: Sequence[dict[str, Any]]) -> bool:
        """All of these actions of a transaction, or none: `False` when a condition was not met."""
        self._pace.take(len(actions))
        named = [
            {kind: {"TableName": self._names[room.table], **what} for kind, what in each.items()}
            for each in actions
        ]
        try:
            self._patiently(lambda: self._client.transact_write_items(TransactItems=named))
        except Cancelled:
            return False
        return True

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for attempt in range(ATTEMPTS):
            try:
                with failures():
                    return call()
            except TransientFailure:
                if attempt == ATTEMPTS - 1:
                    raise
                longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
                self._pace.sleep(random.random() * longest)  # noqa: S311  jitter
        raise AssertionError("the last attempt raises")


def batches(actions: Sequence[dict[str, Any]], most: int) -> Iterator[Sequence[dict[str, Any]]]:
    """`actions` in rows of at most `most`, each small enough for a transaction."""
    row: list[dict[str, Any]] = []
    size = 0
    for action in actions:
        own = len(repr(action).encode())
        if row and (len(row) == most or size + own > LARGEST_TRANSACTION):
            yield row
            row, size = [], 0
        row.append(action)
        size += own
    if row:
        yield row
