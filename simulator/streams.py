"""The tables' streams on one machine: made where a table has none, followed, and given to a function as Lambda's event
source mapping does, with its batches, its retries and its checkpoint.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
"""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import botocore.exceptions

from chat.storage.aws import client
from simulator.functions import FunctionError, Functions
from simulator.settings import REGION
from simulator.stream_mapping import Filter, Record, ShardMapping, given_up, number_of, tells_event

log = logging.getLogger(__name__)

POLL_S, IDLE_POLL_S = 0.02, 0.25
"""How long after a look with, and after many without records the next look is."""
RETRY_S = 0.5
MOST_WAITING = 1_000
GONE = (
    "TrimmedDataAccessException",
    "ResourceNotFoundException",
    "ValidationException",
    "ExpiredIteratorException",
)
"""Codes for a place in a stream that is there no more."""

Start = Literal["TRIM_HORIZON", "LATEST"]
Invoke = Callable[[Mapping[str, Any]], object]
"""Calls the function and gives its answer; `None` where it failed."""


def invoking(functions: Functions, name: str) -> Invoke:
    """Calls this one of the functions."""

    def invoke(event: Mapping[str, Any]) -> object:
        try:
            return functions.call(name, event)
        except FunctionError:
            return None

    return invoke


def enable_streams(endpoint: str, tables: Mapping[str, str]) -> dict[str, str]:
    """Make a stream of new images for each table that has none. Gives the streams' ARNs by the tables' names."""
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    return {table: _stream_of(dynamodb, table) for table in tables.values()}


def _stream_of(dynamodb: Any, table: str) -> str:
    wanted = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    for _ in range(100):
        found = dynamodb.describe_table(TableName=table)["Table"]
        if found.get("StreamSpecification", {}).get("StreamEnabled") and found.get("LatestStreamArn"):
            return str(found["LatestStreamArn"])
        if found["TableStatus"] == "ACTIVE":
            try:
                dynamodb.update_table(TableName=table, StreamSpecification=wanted)
            except botocore.exceptions.ClientError as error:  # another program makes it
                if error.response["Error"]["Code"] not in ("ResourceInUseException", "ValidationException"):
                    raise
        time.sleep(0.05)
    raise TimeoutError(f"{table} gets no stream")


@dataclass
class Checkpoints:
    """Up to where each shard was read, in a file that outlives the program."""

    path: Path | None
    numbers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> "Checkpoints":
        try:
            return cls(path, json.loads(path.read_text())) if path else cls(None)
        except (FileNotFoundError, ValueError):
            return cls(path)

    def put(self, shard: str, number: str) -> None:
        if self.numbers.get(shard) == number:
            return
        self.numbers[shard] = number
        if self.path:
            partial = self.path.with_suffix(".partial")
            partial.write_text(json.dumps(self.numbers))
            partial.replace(self.path)


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """How often the same records are tried, and with how long a pause (seconds) where nothing of them was done; `wanted`:
    the filter."""

    attempts: int = 10
    retry_s: float = RETRY_S
    wanted: Filter = tells_event


class StreamPoller:
    """Follows one table's stream. `start`: where, if there is no checkpoint. `give_up`: is told of records that were tried
    in vain. Runs in a thread of its own until `stopped`."""

    def __init__(
        self,
        endpoint: str,
        arn: str,
        invoke: Invoke,
        checkpoints: Checkpoints,
        stopped: threading.Event,
        *,
        start: Start = "TRIM_HORIZON",
        give_up: Callable[[Mapping[str, Any]], None] = lambda _: None,
        options: MappingOptions = MappingOptions(),
    ) -> None:
        self._endpoint = endpoint
        self._arn, self._invoke, self._checkpoints = arn, invoke, checkpoints
        self._stopped, self._start, self._give_up, self._options = stopped, start, give_up, options
        self._mappings: dict[str, ShardMapping] = {}
        self._iterators: dict[str, str | None] = {}
        self._look_for_shards = 0.0

    @cached_property
    def _streams(self) -> Any:
        """Made in the thread that reads: it takes a while."""
        return client("dynamodbstreams", region=REGION, endpoint=self._endpoint, timeout=20)

    def prepare(self) -> None:
        """Find the places to begin at, so that nothing that happens after this is missed."""
        self._find_shards()

    def run(self) -> None:
        idle = 0
        while not self._stopped.is_set():
            try:
                moved = self.step()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                # An engine that is started again answers at the same address in a while.
                log.warning("stream cannot be read", extra={"error": type(error).__name__})
                self._iterators.clear()
                self._look_for_shards = 0.0
                self._stopped.wait(RETRY_S)
                continue
            idle = 0 if moved else idle + 1
            self._stopped.wait(min(IDLE_POLL_S, POLL_S * (1 + idle)) if not moved else 0)

    def step(self) -> bool:
        """Look once at each shard, and deal with a batch of each. Gives whether there was any."""
        if time.monotonic() >= self._look_for_shards:
            self._find_shards()
        moved = False
        for shard, mapping in list(self._mappings.items()):
            if len(mapping.waiting) < MOST_WAITING:
                mapping.add(self._records(shard))
            if batch := mapping.batch():
                moved = True
                self._deal(shard, mapping, batch)
            if mapping.checkpoint:
                self._checkpoints.put(self._name(shard), mapping.checkpoint)
        return moved

    def _deal(self, shard: str, mapping: ShardMapping, batch: list[Record]) -> None:
        answer = self._invoke({"Records": batch})
        if lost := mapping.done(batch, answer):
            log.warning("records given up", extra={"count": len(lost)})
            self._give_up(given_up(lost, self._arn, shard, self._options.attempts))
        elif mapping.batch()[:1] == batch[:1]:  # nothing is done: Lambda waits before it tries again, too
            self._stopped.wait(self._options.retry_s)

    def _find_shards(self) -> None:
        """Shards come and go: DynamoDB begins a new one every few hours."""
        self._look_for_shards = time.monotonic() + 10
        start: str | None = None
        while True:
            more = {"ExclusiveStartShardId": start} if start else {}
            found = self._streams.describe_stream(StreamArn=self._arn, **more)["StreamDescription"]
            for shard in found["Shards"]:
                name = shard["ShardId"]
                if name not in self._mappings:
                    first = (
                        self._start if not self._mappings or self._start == "TRIM_HORIZON" else "TRIM_HORIZON"
                    )
                    self._mappings[name] = ShardMapping(
                        attempts=self._options.attempts, wanted=self._options.wanted
                    )
                    self._mappings[name].checkpoint = self._checkpoints.numbers.get(self._name(name))
                    self._iterators[name] = self._iterator(name, first)
                elif name not in self._iterators:
                    self._iterators[name] = self._iterator(name, "TRIM_HORIZON")
            start = found.get("LastEvaluatedShardId")
            if not start:
                return

    def _iterator(self, shard: str, start: Start) -> str | None:
        """Where to read on: behind what was read last, or, where the stream is not the one it was, from its beginning."""
        mapping = self._mappings[shard]
        last = number_of(mapping.waiting[-1]) if mapping.waiting else mapping.checkpoint
        place = {"StreamArn": self._arn, "ShardId": shard}
        if last:
            try:
                answer = self._streams.get_shard_iterator(
                    **place, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=last
                )
                return str(answer["ShardIterator"])
            except botocore.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in GONE:
                    raise
                log.warning("stream goes on from its beginning", extra={"shard": shard})
                start = "TRIM_HORIZON"
        return str(self._streams.get_shard_iterator(**place, ShardIteratorType=start)["ShardIterator"])

    def _records(self, shard: str) -> list[Record]:
        iterator = self._iterators.get(shard)
        if iterator is None:
            return []
        try:
            answer = self._streams.get_records(ShardIterator=iterator, Limit=1_000)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            self._iterators[shard] = self._iterator(shard, "TRIM_HORIZON")
            return []
        self._iterators[shard] = answer.get("NextShardIterator")
        return [_as_lambda_has_it(each, self._arn) for each in answer["Records"]]

    def _name(self, shard: str) -> str:
        return f"{self._arn} {shard}"


def _as_lambda_has_it(record: Record, arn: str) -> dict[str, Any]:
    """A record as Lambda's event has it: JSON, with its stream, its instant as epoch seconds and bytes as base64."""
    text = json.dumps({**record, "eventSourceARN": arn}, default=_as_json)
    found: dict[str, Any] = json.loads(text)
    return found


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def write_pointer(path: Path) -> Callable[[Mapping[str, Any]], None]:
    """Keeps what was given up in a file, a line for each."""

    def write(pointer: Mapping[str, Any]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(pointer) + "\n")

    return write


@contextmanager
def following(pollers: list[StreamPoller], stopped: threading.Event) -> Iterator[None]:
    """The pollers run while the block lasts."""
    threads = [threading.Thread(target=each.run, name="stream", daemon=True) for each in pollers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join(timeout=5)
