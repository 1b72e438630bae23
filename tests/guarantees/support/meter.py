"""How many requests an operation makes, and what they consume.

Sizes and units:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, dict[str, Any]]


def size(item: Item) -> int:
    """Bytes of an item of strings and numbers. A number has a byte for each
    two significant digits, and one more."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    if "N" in value:
        digits = value["N"].lstrip("-0").rstrip("0") or "0"
        return (len(digits) + 1) // 2 + 1
    return len(value["S"].encode())


def write_units(items: Iterable[Item]) -> int:
    """What one transaction consumes that leaves these items behind: a unit for each KB begun, twice."""
    return 2 * sum(-(-size(item) // 1_024) for item in items)


def reported_by_local(items: Iterable[Item]) -> int:
    """What DynamoDB Local says of that transaction: it doubles once more,
    and counts items of equal cost once."""
    return 4 * sum({-(-size(item) // 1_024) for item in items})


@dataclass
class Count:
    """What happened on one client since it was cleared. `write_units` are as the engine reports them."""

    operations: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    refused: int = 0

    @property
    def requests(self) -> int:
        return self.operations.total()

    def clear(self) -> None:
        self.operations = Counter()
        self.read_units, self.write_units, self.refused = 0.0, 0.0, 0


def metered(client: Any) -> Count:
    """Count on `client` from now on: requests as they leave, and the capacity that the answers report.

    The product never asks for it, so a hook adds the question.
    """
    count = Count()

    def ask(params: dict[str, Any], **_: object) -> None:
        params["body"] = json.dumps(json.loads(params["body"]) | {"ReturnConsumedCapacity": "TOTAL"}).encode()

    def sent(event_name: str, **_: object) -> None:
        count.operations[event_name.rpartition(".")[2]] += 1

    def received(http_response: Any, **_: object) -> None:
        answer = json.loads(http_response.content)
        count.refused += "CancellationReasons" in answer
        consumed = answer.get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            written = each.get("WriteCapacityUnits", 0.0)
            count.write_units += written
            count.read_units += each["CapacityUnits"] - written

    client.meta.events.register("before-call.dynamodb", ask)
    client.meta.events.register("before-send.dynamodb", sent)
    client.meta.events.register("after-call.dynamodb", received)
    return count
