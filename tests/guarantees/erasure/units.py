"""What an erasure consumes: of writes that are none of a transaction as the engine reports it, of transactions by DynamoDB's rules,
since DynamoDB Local doubles these.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.guarantees.costs.capacity import write_units
from tests.guarantees.support.meter import Item


@dataclass
class Units:
    """Since it was opened on `client`: requests by operation, write units, and read units as the engine reports them. `probe` is
    another client, which reads what transactions write."""

    client: Any
    probe: Any
    requests: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    read: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._asked)
        self.client.meta.events.register("after-call.dynamodb", self._answered)

    @property
    def writes(self) -> float:
        return float(sum(self.written.values()))

    def clear(self) -> None:
        self.requests, self.written, self.read = Counter(), Counter(), 0.0

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        body = json.loads(params["body"])
        actions = [what for each in body.get("TransactItems", ()) for what in each.values()]
        places = [
            (what["TableName"], {name: (what.get("Key") or what["Item"])[name] for name in ("PK", "SK")})
            for what in actions
        ]
        context["written"] = [(place, self._item(*place)) for place in places]
        params["body"] = json.dumps(body | {"ReturnConsumedCapacity": "TOTAL"}).encode()

    def _answered(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity") or []
        units = sum(
            each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed])
        )
        pairs = [(before, self._item(*place)) for place, before in context["written"]]
        with self._lock:
            self.requests[model.name] += 1
            if model.name == "TransactWriteItems":
                self.written[model.name] += 2 * sum(write_units(*pair) for pair in pairs)
            elif model.name in ("UpdateItem", "PutItem", "DeleteItem", "BatchWriteItem"):
                self.written[model.name] += units
            else:
                self.read += units

    def _item(self, table: str, key: dict[str, Any]) -> Item | None:
        found: Item | None = self.probe.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found
