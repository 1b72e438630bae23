"""What Lambda's event source mapping does with one shard of a stream, without its I/O: which records are invoked together,
what is sent again, and what is given up.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = Mapping[str, Any]

NAMES = ("INSERT", "MODIFY")

Filter = Callable[[Record], bool]
"""Which records a mapping takes."""


def tells_event(record: Record) -> bool:
    """The filter of `read_stream`: the changes in which events can be, of rooms, of requests and holds, and of notifications."""
    partition_key, sort_key = _key(record, "PK"), _key(record, "SK")
    is_persons = partition_key.startswith("USER#") and sort_key.startswith(("REQUEST#", "NOTIFY#"))
    return _of_room(record) or (
        record.get("eventName") in NAMES and (is_persons or partition_key in ("ERASURES", "HOLDS"))
    )


def _of_room(record: Record) -> bool:
    return record.get("eventName") in NAMES and _key(record, "SK").startswith(("MSG#", "EVT#"))


def is_projected(record: Record) -> bool:
    """The filter of `project_stream`: those, reactions' counters, and of people's items blocks, erasures, requests and settings."""
    partition_key, sort_key = _key(record, "PK"), _key(record, "SK")
    is_counter = partition_key.startswith("REACT#") and sort_key.startswith("COUNT#")
    is_persons = partition_key.startswith("USER#") and sort_key.startswith(
        ("BLOCK#", "ERASED", "REQUEST#", "NOTIFYSET#")
    )
    return _of_room(record) or (record.get("eventName") in NAMES and (is_counter or is_persons))


def _key(record: Record, name: str) -> str:
    return str(record.get("dynamodb", {}).get("Keys", {}).get(name, {}).get("S", ""))


def number_of(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


@dataclass(slots=True)
class ShardMapping:
    """One shard's records on their way to a function. `batch_size`: how many at once. `attempts`: how often the same
    records are tried before they are given up; a batch that fails as a whole is halved first, until it is one record.
    `wanted`: the filter.
    """

    batch_size: int = 100
    attempts: int = 10
    wanted: Filter = tells_event
    waiting: list[Record] = field(default_factory=list)
    checkpoint: str | None = None
    """The sequence number up to which all is done, or given up."""
    _window: int = 0
    _tries: int = 0

    def add(self, records: Sequence[Record]) -> None:
        """The shard's next records. Those that the filter leaves out are done as soon as those before them are."""
        self.waiting += records
        self._pass()

    def batch(self) -> list[Record]:
        """What is to be invoked next; nothing where nothing waits."""
        wanted = [each for each in self.waiting if self.wanted(each)]
        return wanted[: self._window or self.batch_size]

    def done(self, batch: Sequence[Record], answer: object) -> list[Record]:
        """The function has answered; `None` where it failed. Gives the records that are given up with this."""
        failed = _first_failed(batch, answer)
        if failed is None:
            self._forget(batch)
            return []
        if failed:
            self._forget(batch[:failed])
            self._tries = 1
            return []
        self._tries += 1
        if not isinstance(answer, Mapping) and len(batch) > 1:
            self._window, self._tries = max(1, len(batch) // 2), 0
            return []
        if self._tries < self.attempts:
            return []
        self._forget(batch)
        return list(batch)

    def _forget(self, records: Sequence[Record]) -> None:
        if not records:
            return
        last = number_of(records[-1])
        end = next(index for index, each in enumerate(self.waiting) if number_of(each) == last)
        del self.waiting[: end + 1]
        self.checkpoint = last
        self._window = self._tries = 0
        self._pass()

    def _pass(self) -> None:
        """Go past what the filter leaves out."""
        while self.waiting and not self.wanted(self.waiting[0]):
            self.checkpoint = number_of(self.waiting.pop(0))


def _first_failed(batch: Sequence[Record], answer: object) -> int | None:
    """The index of the record from which on a batch has failed; `None` where nothing has."""
    if not isinstance(answer, Mapping):
        return 0
    failures = answer.get("batchItemFailures") or []
    numbers = [number_of(each) for each in batch]
    named = [each.get("itemIdentifier") for each in failures]
    if any(each not in numbers for each in named):
        return 0  # an empty or unknown number: the whole batch
    return min((numbers.index(each) for each in named), default=None)


def given_up(records: Sequence[Record], stream: str, shard: str, attempts: int) -> dict[str, Any]:
    """The document that Lambda sends to the destination for what it gave up: a place in the stream, and nothing of what is
    there. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""
    arrivals = [float(each["dynamodb"].get("ApproximateCreationDateTime") or 0) for each in records]
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": attempts},
        "version": "1.0",
        "timestamp": _instant(datetime.now(UTC).timestamp()),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": number_of(records[0]),
            "endSequenceNumber": number_of(records[-1]),
            "approximateArrivalOfFirstRecord": _instant(min(arrivals)),
            "approximateArrivalOfLastRecord": _instant(max(arrivals)),
            "batchSize": len(records),
            "streamArn": stream,
        },
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
