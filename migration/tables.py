"""The requests of this program to DynamoDB: repeated after transient failures, and limited in rate."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chat.rules.models import Item
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.aws import Cancelled, TransientFailure, failures
from chat.storage.items import key, values

FIRST_PAUSE_S, LONGEST_PAUSE_S, ATTEMPTS = 0.05, 5.0, 12
"""A request is made again for half a minute at the most: SDKs do not retry a transaction's conflicts."""
BATCH_READ = 100
LARGEST_TRANSACTION = 3_000_000
"""Bytes. DynamoDB takes 4 MB:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""


class RateLimiter:
    """At most `per_second` items, on average. `monotonic` gives seconds, `sleep` takes them."""

    def __init__(
        self, per_second: float, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self.sleep = sleep
        self._free_at = monotonic()

    def take(self, count: int) -> None:
        """Wait until `count` items may be written."""
        now = self._monotonic()
        if self._free_at > now:
            self.sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + count / self._per_second


class Tables:
    """Both tables. Every request is made again after transient failures; then it raises `StoreFailure`.

    `client` is a DynamoDB client of boto3; `names` gives the table's name for `core` and `guild`.
    """

    def __init__(self, client: Any, names: Mapping[Table, str], limiter: RateLimiter) -> None:
        self._client = client
        self._names = names
        self._limiter = limiter

    def partitions(self, table: Table) -> Iterator[str | None]:
        """The partition keys with messages that have no number, or with an adoption under way.

        Each comes as often as it is found; `None` comes after each of the scan's pages.
        """
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
            answer = self._request(operation, request)
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
                request = {"RequestItems": {name: {"Keys": left, "ConsistentRead": True}}}
                answer = self._request("batch_get_item", request)
                found += answer["Responses"].get(name, [])
                left = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        return found

    def item(self, room: Room, partition_key: str, sort_key: str) -> Item | None:
        """The item under this key, if there is one."""
        return next(iter(self.items(room, [key(partition_key, sort_key)])), None)

    def write(self, room: Room, actions: Sequence[dict[str, Any]]) -> bool:
        """All of these actions of a transaction, or none: `False` when a condition was not met."""
        self._limiter.take(len(actions))
        named = [
            {kind: {"TableName": self._names[room.table], **what} for kind, what in each.items()}
            for each in actions
        ]
        try:
            self._request("transact_write_items", {"TransactItems": named})
        except Cancelled:
            return False
        return True

    def _request(self, operation: str, request: Mapping[str, Any]) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                with failures():
                    return getattr(self._client, operation)(**request)
            except TransientFailure:
                if attempt == ATTEMPTS - 1:
                    raise
                longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
                self._limiter.sleep(random.random() * longest)  # noqa: S311  jitter
        raise AssertionError("the last attempt raises")


def batches(actions: Sequence[dict[str, Any]], most: int) -> Iterator[Sequence[dict[str, Any]]]:
    """`actions` in batches of at most `most`, each small enough for a transaction."""
    batch: list[dict[str, Any]] = []
    size = 0
    for action in actions:
        own = len(repr(action).encode())
        if batch and (len(batch) == most or size + own > LARGEST_TRANSACTION):
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += own
    if batch:
        yield batch
