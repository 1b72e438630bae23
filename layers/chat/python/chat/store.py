"""The two tables behind one repository. Every request to DynamoDB is in this module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chat import keys
from chat.access import View
from chat.aws import Cancelled, StoreFailure, TransientFailure, failures
from chat.items import Envelope, is_expired, key, send_actions, to_message
from chat.legacy import is_numbered
from chat.models import Head, Item, Member, Message, Sent, Stored
from chat.rooms import Room, Table

Refusing = Literal["member", "sent", "head"]
REFUSING: tuple[Refusing, ...] = ("member", "sent", "head")
"""The guarded actions of a send, in the transaction's order. Nothing guards the message: its key is new."""

_QUERIES_PER_SLICE = 8


class Refused(Exception):
    """A send's transaction was refused; `found` holds what refused it as it stands now, `None` where it is not there."""

    def __init__(self, found: Mapping[Refusing, Any]) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True, slots=True)
class Slice:
    """Messages with their sort keys, in the order they were read. `position` is where to read on, `None` at the end."""

    messages: Sequence[tuple[str, Message]]
    position: str | None


class Store:
    """The repository over `gg_core` and `gg_guild`. Raises `TransientFailure` and `StoreFailure`, nothing of botocore.

    `client` is a DynamoDB client of botocore; `tables` gives the table's name for `core` and `guild`.
    """

    def __init__(self, client: Any, tables: Mapping[Table, str]) -> None:
        self._client = client
        self._tables = tables

    def view(self, room: Room, user_id: str, *, consistent: bool) -> View:
        """Head and membership in one request: 2 read units when consistent, else 1."""
        head_key = key(room.partition_key, keys.HEAD)
        member_key = key(keys.user_partition(user_id), keys.membership(room.partition_key))
        table = self._tables[room.table]
        with failures():
            answer = self._client.batch_get_item(
                RequestItems={table: {"Keys": [head_key, member_key], "ConsistentRead": consistent}}
            )
        if answer.get("UnprocessedKeys"):
            raise TransientFailure("UnprocessedKeys")
        found: list[Item] = answer["Responses"].get(table, [])
        head = next((item for item in found if item["SK"] == head_key["SK"]), None)
        member = next((item for item in found if item["SK"] == member_key["SK"]), None)
        return View(Head.of(head) if head else None, Member.of(member) if member else None)

    def sent(self, room: Room, user_id: str, client_message_id: str, now_s: int) -> Sent | None:
        """The proof of an earlier send under this clientMessageId, while it has not expired (`now_s` in seconds)."""
        item = self._get(room, keys.user_partition(user_id), keys.sent(room.partition_key, client_message_id))
        return Sent.of(item) if item and not is_expired(item, now_s) else None

    def message(self, room: Room, sort_key: str, now_s: int) -> Message | None:
        """One message as it is now; `None` when it is gone or has expired."""
        item = self._get(room, room.partition_key, sort_key)
        return to_message(room, item) if item and not is_expired(item, now_s) else None

    def commit(self, envelope: Envelope) -> None:
        """Store a message, its proof, the member's state and the room's head in one transaction (8 write units).

        Raises `Refused` with what stood in the way, `TransientFailure` when the outcome is not known.
        """
        try:
            with failures():
                self._client.transact_write_items(
                    TransactItems=send_actions(envelope, self._tables[envelope.room.table])
                )
        except Cancelled as cancelled:
            raise _refused(cancelled) from None

    def slice(
        self,
        room: Room,
        low: str,
        high: str,
        *,
        forward: bool,
        limit: int,
        now_s: int,
        consistent: bool,
        start: str | None = None,
    ) -> Slice:
        """Up to `limit` messages with sort keys between `low` and `high`, past `start`; left out are expired ones, and
        those without a number, which have a copy that has one or were never adopted.

        Reads one further to know whether there is more, and on past the 1 MB at which DynamoDB cuts an answer.
        A stretch of expired messages ends the reading early, with a position.
        """
        found: list[Item] = []
        position = start
        for _ in range(_QUERIES_PER_SLICE):
            count = limit + 1 - len(found)
            items, position = self.stretch(
                room, low, high, forward=forward, count=count, consistent=consistent, start=position
            )
            found += [item for item in items if is_numbered(item) and not is_expired(item, now_s)]
            if len(found) > limit:
                position = found[limit - 1]["SK"]["S"]
            if len(found) > limit or not position:
                break
        return Slice([(item["SK"]["S"], to_message(room, item)) for item in found[:limit]], position)

    def stretch(
        self,
        room: Room,
        low: str,
        high: str,
        *,
        forward: bool,
        count: int,
        consistent: bool,
        start: str | None = None,
    ) -> tuple[list[Item], str | None]:
        """The items of one request with sort keys between `low` and `high`, past `start`, and where to read on."""
        request: dict[str, Any] = {
            "TableName": self._tables[room.table],
            "KeyConditionExpression": "PK = :room AND SK BETWEEN :low AND :high",
            "ExpressionAttributeValues": {
                ":room": {"S": room.partition_key},
                ":low": {"S": low},
                ":high": {"S": high},
            },
            "ScanIndexForward": forward,
            "ConsistentRead": consistent,
            "Limit": count,
        }
        if start:
            request["ExclusiveStartKey"] = key(room.partition_key, start)
        with failures():
            answer = self._client.query(**request)
        return answer["Items"], answer["LastEvaluatedKey"]["SK"]["S"] if answer.get(
            "LastEvaluatedKey"
        ) else None

    def create(self, table: Table, items: Sequence[Item]) -> bool:
        """Write up to 100 new items together, or none: `False` when one of them exists already."""
        name = self._tables[table]
        puts = [
            {"TableName": name, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
            for item in items
        ]
        try:
            with failures():
                self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except Cancelled:
            return False
        return True

    def _get(self, room: Room, partition_key: str, sort_key: str) -> Item | None:
        with failures():
            answer = self._client.get_item(
                TableName=self._tables[room.table], Key=key(partition_key, sort_key), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return item


def _refused(cancelled: Cancelled) -> Refused | StoreFailure:
    """Which of a send's actions refused, and the item that each found in its way."""
    models: dict[Refusing, type[Stored]] = {"member": Member, "sent": Sent, "head": Head}
    found: dict[Refusing, Any] = {}
    for action, (code, item) in zip(REFUSING, cancelled.reasons, strict=False):
        if code == "ConditionalCheckFailed":
            found[action] = models[action].of(item) if item else None
    return Refused(found) if found else StoreFailure("TransactionCanceledException")
