"""Two clients of one DynamoDB: one writes, the other reads while what was
written is becoming visible, item by item.

Reads are read-committed: of a transaction that was committed just now, a reader may see some items and not
yet the others. Local engines never show that; this does, until the items are revealed.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
"""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

ItemKey = tuple[str, str, str]
"""Table, partition key and sort key."""


class PartialVisibility:
    """`writer` and `reader` are clients. What is hidden stays so until it is revealed, or written again."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.writer = WritingClient(self)
        self.reader = ReadingClient(self)
        self.committed: list[tuple[ItemKey, dict[str, Any] | None]] = []
        self._before: dict[ItemKey, dict[str, Any] | None] = {}

    def hide(self, mask: int) -> None:
        """Of the last transaction, hide the items whose bits are set. The others are visible."""
        for index, (key, before) in enumerate(self.committed):
            self._before.pop(key, None)
            if mask >> index & 1:
                self._before[key] = before
        self.committed = []

    def reveal(self, mask: int = -1) -> None:
        """Reveal hidden items, those whose bits are set."""
        for index, key in enumerate(list(self._before)):
            if mask >> index & 1:
                del self._before[key]

    def reveal_items(self, keys: Iterable[ItemKey]) -> bool:
        """Reveal these, and say whether any of them was hidden."""
        hidden = [key for key in keys if key in self._before]
        for key in hidden:
            del self._before[key]
        return bool(hidden)

    @property
    def all_visible(self) -> bool:
        return not self._before

    def seen(self, table: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These items as a reader sees them."""
        shown = [self._before.get((table, item["PK"]["S"], item["SK"]["S"]), item) for item in items]
        return [item for item in shown if item is not None]


class WritingClient:
    """Passes everything on, and remembers what each item of a transaction was before."""

    def __init__(self, visibility: PartialVisibility) -> None:
        self._visibility = visibility

    def __getattr__(self, name: str) -> Any:
        return getattr(self._visibility.client, name)

    def transact_write_items(self, **request: Any) -> Any:
        before = [
            self._now(operation) for action in request["TransactItems"] for operation in action.values()
        ]
        answer = self._visibility.client.transact_write_items(**request)
        self._visibility.committed = before
        return answer

    def _now(self, operation: dict[str, Any]) -> tuple[ItemKey, dict[str, Any] | None]:
        place = operation.get("Key") or {name: operation["Item"][name] for name in ("PK", "SK")}
        table = operation["TableName"]
        item = self._visibility.client.get_item(TableName=table, Key=place, ConsistentRead=True).get("Item")
        return (table, place["PK"]["S"], place["SK"]["S"]), item


class ReadingClient:
    """Shows what is visible."""

    def __init__(self, visibility: PartialVisibility) -> None:
        self._visibility = visibility

    def query(self, **request: Any) -> Any:
        answer = self._visibility.client.query(**request)
        if "Items" not in answer:  # a count, by which nothing is decided
            return answer
        return answer | {"Items": self._visibility.seen(request["TableName"], answer["Items"])}

    def batch_get_item(self, **request: Any) -> Any:
        answer = self._visibility.client.batch_get_item(**request)
        seen = {table: self._visibility.seen(table, items) for table, items in answer["Responses"].items()}
        return answer | {"Responses": seen}

    def transact_get_items(self, **request: Any) -> Any:
        """Serializable, unlike the others: what is becoming visible is a
        conflict, and visible at the next try."""
        wanted = [each["Get"] for each in request["TransactItems"]]
        if self._visibility.reveal_items(
            (each["TableName"], each["Key"]["PK"]["S"], each["Key"]["SK"]["S"]) for each in wanted
        ):
            conflict: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "TransactionConflict"}],
            }
            raise ClientError(conflict, "TransactGetItems")
        return self._visibility.client.transact_get_items(**request)
