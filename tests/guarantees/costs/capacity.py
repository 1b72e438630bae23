"""What an operation costs by DynamoDB's rules, whatever engine it runs on: units are computed from the items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
In a transaction each item counts twice, also one that is only checked; an update
counts the larger of the items before and after.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.guarantees.support.meter import Item, size

TIMEOUT_S = 20

Place = tuple[str, str, str]
"""A table's name, and a partition key and a sort key there."""


def read_units(sizes: Sequence[int], *, consistent: bool) -> float:
    """What reading items of these sizes costs, as one query page."""
    return max(1, -(-sum(sizes) // 4_096)) * (1.0 if consistent else 0.5)


def write_units(before: Item | None, after: Item | None) -> int:
    """What one write costs outside of a transaction."""
    return max(1, -(-max(size(before or {}), size(after or {})) // 1_024))


class Waves:
    """The requests that an operation is to make, as many at once as each number says; any other fails."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._lock = threading.Lock()
        self._left = [threading.Barrier(size) for size in sizes]
        self._arrived = 0

    def arrive(self) -> None:
        """Wait for the others of this wave. Raises `AssertionError` where there are none, or one too many."""
        with self._lock:
            assert self._left, "more requests than documented"
            barrier = self._left[0]
            self._arrived += 1
            if self._arrived == barrier.parties:
                self._left, self._arrived = self._left[1:], 0
        try:
            barrier.wait(TIMEOUT_S)
        except threading.BrokenBarrierError:
            raise AssertionError("fewer requests at once than documented") from None

    @property
    def is_over(self) -> bool:
        return not self._left and not self._arrived


@dataclass
class CapacityCounter:
    """The units and requests of one client since it was opened. `probe`
    is another client, which reads items. `rights`: the actions of IAM that they need, each with a partition key."""

    client: Any
    probe: Any
    requests: list[str] = field(default_factory=list)
    rights: set[tuple[str, str]] = field(default_factory=set)
    read: float = 0.0
    written: float = 0.0
    refused: int = 0
    waves: Waves | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._asked)
        self.client.meta.events.register("after-call.dynamodb", self._answered)

    def open(self, waves: Sequence[int] | None) -> None:
        """Begin anew; with `waves` any other request fails."""
        self.requests, self.read, self.written, self.refused = [], 0.0, 0.0, 0
        self.rights = set()
        self.waves = Waves(waves) if waves else None

    def _asked(self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        body = json.loads(params["body"])
        places = _written(model.name, body)
        context["asked"] = (body, places, self._items(places))
        with self._lock:
            self.requests.append(model.name)
            self.rights |= _needed(model.name, body)
        if self.waves:
            self.waves.arrive()

    def _answered(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        body, places, before = context["asked"]
        with self._lock:
            self.refused += "Error" in parsed
            self.read += self._read(model.name, body, parsed)
            twice = 2 if model.name == "TransactWriteItems" else 1
            after = self._items(places)
            self.written += sum(twice * write_units(*pair) for pair in zip(before, after, strict=True))

    def _items(self, places: Sequence[Place]) -> list[Item | None]:
        """What is at each of these places, in one request: most of the tests' time is what they ask the engine."""
        wanted: dict[str, Any] = {}
        for table, partition_key, sort_key in places:
            asked = wanted.setdefault(table, {"Keys": [], "ConsistentRead": True})
            asked["Keys"].append({"PK": {"S": partition_key}, "SK": {"S": sort_key}})
        if not wanted:
            return []
        answer = self.probe.batch_get_item(RequestItems=wanted)
        assert not answer.get("UnprocessedKeys")
        found = {
            (table, item["PK"]["S"], item["SK"]["S"]): item
            for table, items in answer["Responses"].items()
            for item in items
        }
        return [found.get(place) for place in places]

    def _read(self, operation: str, body: dict[str, Any], parsed: dict[str, Any]) -> float:
        if operation == "GetItem":
            return read_units([size(parsed.get("Item", {}))], consistent=body["ConsistentRead"])
        if operation == "Query":
            shown = {name: value for name, value in body.items() if name != "Select"}
            items = (parsed if "Items" in parsed else self.probe.query(**shown))["Items"]
            return read_units([size(item) for item in items], consistent=body.get("ConsistentRead", False))
        if operation == "TransactGetItems":
            found_there = [each.get("Item", {}) for each in parsed.get("Responses", [])]
            return 2 * sum(read_units([size(item)], consistent=True) for item in found_there)
        if operation != "BatchGetItem":
            return 0.0
        units = 0.0
        for table, wanted in body["RequestItems"].items():
            found = {
                json.dumps([i["PK"], i["SK"]]): size(i) for i in parsed.get("Responses", {}).get(table, [])
            }
            for key in wanted["Keys"]:
                own = found.get(json.dumps([key["PK"], key["SK"]]), 0)
                units += read_units([own], consistent=wanted["ConsistentRead"])
        return units


def _needed(operation: str, body: dict[str, Any]) -> set[tuple[str, str]]:
    """The actions that a request needs, with the partition keys that it names.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html: a transaction needs
    those of its parts.
    """
    if operation == "Query":
        return {("Query", body["ExpressionAttributeValues"][":pk"]["S"])}
    if operation == "BatchGetItem":
        keys = [each for wanted in body["RequestItems"].values() for each in wanted["Keys"]]
        return {("BatchGetItem", each["PK"]["S"]) for each in keys}
    if operation in ("TransactGetItems", "TransactWriteItems"):
        parts = [part for each in body["TransactItems"] for part in each.items()]
        actions = [
            ("ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item", what)
            for kind, what in parts
        ]
    else:
        actions = [(operation, body)]
    return {(action, (what.get("Key") or what["Item"])["PK"]["S"]) for action, what in actions}


def _written(operation: str, body: dict[str, Any]) -> list[Place]:
    """Where an operation writes, or checks within a transaction."""
    actions: list[dict[str, Any]] = []
    if operation == "TransactWriteItems":
        actions = [what for each in body["TransactItems"] for what in each.values()]
    elif operation in ("UpdateItem", "PutItem", "DeleteItem"):
        actions = [body]
    keys = [(action["TableName"], action.get("Key") or action["Item"]) for action in actions]
    return [(table, key["PK"]["S"], key["SK"]["S"]) for table, key in keys]
