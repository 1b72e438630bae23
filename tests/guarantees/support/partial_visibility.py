"""Two faces of one DynamoDB: one writes, the other reads while what was written is becoming visible, item by item.

Reads are read-committed: of a transaction that was committed just now, a reader may see some items and not yet the others.
Local engines never show that; this does, for as long as it is told to.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
"""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

ItemKey = tuple[str, str, str]
"""Table, partition key and sort key."""


class Torn:
    """`writing` and `reading` are clients. What is not visible yet stays so until `settle`, or until it is written again."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.writing = Writing(self)
        self.reading = Reading(self)
        self.committed: list[tuple[ItemKey, dict[str, Any] | None]] = []
        self._before: dict[ItemKey, dict[str, Any] | None] = {}

    def tear(self, mask: int) -> None:
        """Of the last transaction, hide the items whose bits are set. The others are seen."""
        for index, (key, before) in enumerate(self.committed):
            self._before.pop(key, None)
            if mask >> index & 1:
                self._before[key] = before
        self.committed = []

    def settle(self, mask: int = -1) -> None:
        """Show hidden items, those whose bits are set."""
        for index, key in enumerate(list(self._before)):
            if mask >> index & 1:
                del self._before[key]

    def show(self, keys: Iterable[ItemKey]) -> bool:
        """Show these, and say whether any of them was hidden."""
        hidden = [key for key in keys if key in self._before]
        for key in hidden:
            del self._before[key]
        return bool(hidden)

    @property
    def is_settled(self) -> bool:
        return not self._before

    def seen(self, table: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These items as a reader sees them."""
        shown = [self._before.get((table, item["PK"]["S"], item["SK"]["S"]), item) for item in items]
        return [item for item in shown if item is not None]


class Writing:
    """Passes everything on, and remembers what each item of a transaction was before."""

    def __init__(self, torn: Torn) -> None:
        self._torn = torn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torn.client, name)

    def transact_write_items(self, **request: Any) -> Any:
        before = [
            self._now(operation) for action in request["TransactItems"] for operation in action.values()
        ]
        answer = self._torn.client.transact_write_items(**request)
        self._torn.committed = before
        return answer

    def _now(self, operation: dict[str, Any]) -> tuple[ItemKey, dict[str, Any] | None]:
        place = operation.get("Key") or {name: operation["Item"][name] for name in ("PK", "SK")}
        table = operation["TableName"]
        item = self._torn.client.get_item(TableName=table, Key=place, ConsistentRead=True).get("Item")
        return (table, place["PK"]["S"], place["SK"]["S"]), item


class Reading:
    """Shows what is visible."""

    def __init__(self, torn: Torn) -> None:
        self._torn = torn

    def query(self, **request: Any) -> Any:
        answer = self._torn.client.query(**request)
        if "Items" not in answer:  # a count, by which nothing is decided
            return answer
        return answer | {"Items": self._torn.seen(request["TableName"], answer["Items"])}

    def batch_get_item(self, **request: Any) -> Any:
        answer = self._torn.client.batch_get_item(**request)
        seen = {table: self._torn.seen(table, items) for table, items in answer["Responses"].items()}
        return answer | {"Responses": seen}

    def transact_get_items(self, **request: Any) -> Any:
        """Serializable, unlike the others: what is becoming visible is a conflict, and is visible when asked for again."""
        wanted = [each["Get"] for each in request["TransactItems"]]
        if self._torn.show(
            (each["TableName"], each["Key"]["PK"]["S"], each["Key"]["SK"]["S"]) for each in wanted
        ):
            conflict: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "TransactionConflict"}],
            }
            raise ClientError(conflict, "TransactGetItems")
        return self._torn.client.transact_get_items(**request)
