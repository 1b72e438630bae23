"""Requests to the two tables. Every request to DynamoDB is in this module; what they mean is for the modules
over it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from typing import Any, Literal

from chat.rules.errors import ServiceUnavailable
from chat.rules.generations import generation_of, in_generation
from chat.rules.models import Item
from chat.rules.record import record
from chat.rules.rooms import Table
from chat.storage import keys
from chat.storage.aws import Cancelled, ConditionFailed, StoreFailure, TransientFailure, failures
from chat.storage.items import key, values
from chat.storage.places import Found, Place

GENERATION_NUMBERS = ("rev", "epoch", "generation", "generationRev")
"""Attributes of a head that change when a generation begins."""

NEW = "attribute_not_exists(PK)"
"""The condition of an item that must not be there yet."""

MOST_DELETED = 25
"""How many items one batch of deletions may have."""

MOST_ACTIONS = 100
"""How many items a transaction, or a batch of reads, may have."""


@record(frozen=True, slots=True)
class Write:
    """One write, or with neither `set` nor `remove` one look, at an item, on `condition`.

    `set`: attributes by name, as plain values. `add`: numbers to add. `remove`: attributes. `given`: further
    values of the condition by their names (`:now`). In the condition an attribute is written `#name`.
    """

    place: Place
    condition: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    whole: bool = False
    """Whether `set` is the whole item, in place of whatever is there."""
    delete: bool = False

    def action(self, tables: Mapping[Table, str]) -> dict[str, Any]:
        """The action in a transaction."""
        kind: Literal["Put", "Delete", "Update", "ConditionCheck"]
        if self.whole:
            kind = "Put"
        elif self.delete:
            kind = "Delete"
        else:
            kind = "Update" if self.set or self.add or self.remove else "ConditionCheck"
        return {kind: self.request(tables)}

    def request(self, tables: Mapping[Table, str]) -> dict[str, Any]:
        """The parameters of the request, or of the action in a transaction."""
        request: dict[str, Any] = {"TableName": tables[self.place.table]}
        given = values(self.given)
        named: set[str] = set()
        if self.whole:
            request["Item"] = self.place.key | values(self.set)
        else:
            request["Key"] = self.place.key
            named = {*self.set, *self.add, *self.remove}
            given |= values({f":set_{name}": value for name, value in self.set.items()})
            given |= values({f":add_{name}": number for name, number in self.add.items()})
            if expression := self._expression():
                request["UpdateExpression"] = expression
        if self.condition:
            request["ConditionExpression"] = self.condition
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            named |= {word[1:] for word in _words(self.condition) if word.startswith("#")}
        if named:
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in sorted(named)}
        if given:
            request["ExpressionAttributeValues"] = given
        return request

    def _expression(self) -> str:
        parts = {
            "SET": [f"#{name} = :set_{name}" for name in self.set],
            "ADD": [f"#{name} :add_{name}" for name in self.add],
            "REMOVE": [f"#{name}" for name in self.remove],
        }
        return " ".join(f"{word} {', '.join(each)}" for word, each in parts.items() if each)


def _words(condition: str) -> list[str]:
    return condition.replace("(", " ").replace(")", " ").replace(",", " ").split()


def no_doubt() -> bool:
    """Of a clock that nothing is known of."""
    return False


class Tables:
    """`gg_core` and `gg_guild`. Raises `TransientFailure` and `StoreFailure`, nothing of botocore.

    `client` is a DynamoDB client of botocore; `names` gives the table's name for `core` and `guild`.
    `generation` is the tables': rooms' heads are read as they count in it, and none is written in an earlier
    one. While `in_doubt`, this process's clock is wrong: nothing is written, as every write carries an instant or
    depends on one, and `ServiceUnavailable` is raised in its place.
    """

    def __init__(
        self,
        client: Any,
        names: Mapping[Table, str],
        generation: int = 1,
        in_doubt: Callable[[], bool] = no_doubt,
    ) -> None:
        self._client = client
        self._names = names
        self.generation = generation
        self._in_doubt = in_doubt

    def get(self, place: Place, *, consistent: bool = True) -> Item | None:
        """One item."""
        with self._failures():
            answer = self._client.get_item(
                TableName=self._names[place.table], Key=place.key, ConsistentRead=consistent
            )
        item: Item | None = answer.get("Item")
        return item and self._seen(item)

    def get_serialized(self, place: Place) -> Item | None:
        """One item as transactions left it, for twice a read's price: while one is underway on it, this
        raises `TransientFailure`, where `get` and `batch` answer what was before.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
        """
        wanted = {"TableName": self._names[place.table], "Key": place.key}
        with self._failures():
            answer = self._client.transact_get_items(TransactItems=[{"Get": wanted}])
        item: Item | None = answer["Responses"][0].get("Item")
        return item and self._seen(item)

    def batch(self, places: Sequence[Place], *, consistent: bool) -> Found:
        """Up to 100 items in one request, those that are there."""
        wanted: dict[str, Any] = {}
        for place in dict.fromkeys(places):
            entry = wanted.setdefault(self._names[place.table], {"Keys": [], "ConsistentRead": consistent})
            entry["Keys"].append(place.key)
        if not wanted:
            return {}
        with self._failures():
            answer = self._client.batch_get_item(RequestItems=wanted)
        if answer.get("UnprocessedKeys"):
            raise TransientFailure("UnprocessedKeys")
        return {
            Place(table, item["PK"]["S"], item["SK"]["S"]): self._seen(item)
            for table, name in self._names.items()
            for item in answer["Responses"].get(name, ())
        }

    def query_page(
        self,
        table: Table,
        partition_key: str,
        low: str,
        high: str,
        *,
        forward: bool,
        count: int,
        consistent: bool,
        start: str | None = None,
    ) -> tuple[list[Item], str | None]:
        """The items of one request with sort keys between `low` and `high`, past `start`, and where to read
        on."""
        request = self._range(table, partition_key, low, high)
        request |= {"ScanIndexForward": forward, "ConsistentRead": consistent, "Limit": count}
        if start:
            request["ExclusiveStartKey"] = key(partition_key, start)
        with self._failures():
            answer = self._client.query(**request)
        return answer["Items"], answer["LastEvaluatedKey"]["SK"]["S"] if answer.get(
            "LastEvaluatedKey"
        ) else None

    def count(self, table: Table, partition_key: str, low: str, high: str, *, most: int) -> int:
        """How many items have sort keys between `low` and `high`, counted up to `most`."""
        request = self._range(table, partition_key, low, high) | {"Select": "COUNT", "Limit": most}
        with self._failures():
            return int(self._client.query(**request)["Count"])

    def transact(self, writes: Sequence[Write]) -> None:
        """All of up to 100 writes, or none. Raises `Cancelled` with a reason for each write, in their
        order.

        A head that is behind the generation refuses; it is brought forward, and this raises
        `TransientFailure`.
        """
        self._check_clock()
        sent = [self._in_generation(write) for write in writes]
        try:
            with self._failures():
                self._client.transact_write_items(TransactItems=[write.action(self._names) for write in sent])
        except Cancelled as cancelled:
            for write, (_, item) in zip(writes, cancelled.reasons, strict=False):
                if write.condition != NEW and item and self._is_behind(item):
                    self._bring_forward(write.place, item)
                    raise TransientFailure("GenerationBehind") from None
            cancelled.reasons = [(code, item and self._seen(item)) for code, item in cancelled.reasons]
            raise

    def update(self, write: Write) -> Item:
        """One write that is no transaction; answers the item as it was before. Raises `ConditionFailed` with
        the item."""
        self._check_clock()
        with self._failures():
            answer = self._client.update_item(**write.request(self._names), ReturnValues="ALL_OLD")
        before: Item = answer.get("Attributes") or {}
        return before

    def delete(self, places: Sequence[Place]) -> None:
        """Delete up to 25 items, whether or not they are there, each by itself: half of a transaction's price.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
        """
        self._check_clock()
        wanted: dict[str, list[dict[str, Any]]] = {}
        for place in dict.fromkeys(places):
            wanted.setdefault(self._names[place.table], []).append({"DeleteRequest": {"Key": place.key}})
        if not wanted:
            return
        with self._failures():
            answer = self._client.batch_write_item(RequestItems=wanted)
        if answer.get("UnprocessedItems"):
            raise TransientFailure("UnprocessedItems")

    def _check_clock(self) -> None:
        """Raises `ServiceUnavailable`. The call has read before it writes, so the evidence is of this moment."""
        if self._in_doubt():
            raise ServiceUnavailable(reason="clock")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """The store itself refuses requests that were signed by a clock that is minutes off."""
        try:
            with failures():
                yield
        except StoreFailure as failure:
            if type(failure) is StoreFailure:
                self._check_clock()
            raise

    def _seen(self, item: Item) -> Item:
        """An item as it counts in the generation. Only heads can be behind."""
        return in_generation(item, self.generation) if self._is_behind(item) else item

    def _is_behind(self, item: Item) -> bool:
        return item.get("SK", {}).get("S") == keys.HEAD and generation_of(item) < self.generation

    def _in_generation(self, write: Write) -> Write:
        """The write of a head in no earlier generation than this one, whatever was seen of it before."""
        if self.generation == 1 or write.place.sort_key != keys.HEAD:
            return write
        if write.whole:
            item = in_generation(values(write.set), self.generation)
            numbers = {name: int(item[name]["N"]) for name in GENERATION_NUMBERS}
            return replace(write, set={**write.set, **numbers})
        condition = " AND ".join(filter(None, [write.condition, "#generation >= :generation"]))
        return replace(write, condition=condition, given={**write.given, ":generation": self.generation})

    def _bring_forward(self, place: Place, item: Item) -> None:
        """Store what a head that is behind counts as, unless somebody else was faster."""
        with suppress(ConditionFailed):
            self.update(forward_write(place, item, self.generation))

    def _range(self, table: Table, partition_key: str, low: str, high: str) -> dict[str, Any]:
        return {
            "TableName": self._names[table],
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :low AND :high",
            "ExpressionAttributeValues": {
                ":pk": {"S": partition_key},
                ":low": {"S": low},
                ":high": {"S": high},
            },
        }


def forward_write(place: Place, item: Item, generation: int) -> Write:
    """The write of what a head that was seen as `item` counts as in a later generation."""
    is_same = "attribute_not_exists(#generation)" if "generation" not in item else "#generation = :was"
    was = {":was": generation_of(item)} if "generation" in item else {}
    now = in_generation(item, generation)
    return Write(
        place,
        condition=f"#rev = :rev AND {is_same}",
        given={":rev": int(item["rev"]["N"]), **was},
        set={name: int(now[name]["N"]) for name in GENERATION_NUMBERS},
    )
