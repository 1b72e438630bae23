"""The function that derives things, fed in process with what a DynamoDB client writes: in order, doubled and late.

stream = Stream(client)
people = process(stream.client, clock)                 # and everything else that is to be seen: new_room(stream.client, …)
projected = Projected(stream, [projection])
...                                                    # people do something
projected.run()
"""

from collections.abc import Mapping, Sequence
from itertools import count
from random import Random
from typing import Any

from chat.rules.models import Item
from chat.rules.projections import Projection
from chat.storage.dead_letters import DeadLetter
from services.project_stream import projecting
from simulator.functions import Function, Functions
from simulator.stream_mapping import Record, is_projected

NAME = "project_stream"
NOW_S = 1_800_000_000


class Stream:
    """What was written through `client`, which is another's: records of the changes that the function's filter takes, of
    both tables, in their order. What an update deletes or a transaction refuses leaves none. `written`: the table and the keys
    of each item, whether the function takes it or not."""

    def __init__(self, client: Any) -> None:
        self.client = _Recorded(client, self)
        self.records: list[Record] = []
        self.written: set[tuple[str, str, str]] = set()
        self._inner, self._numbers = client, count(1)

    def wrote(self, table: str, key: Mapping[str, Any]) -> None:
        """Look at an item that was written."""
        place = {name: key[name] for name in ("PK", "SK")}
        self.written.add((table, place["PK"]["S"], place["SK"]["S"]))
        image = self._inner.get_item(TableName=table, Key=place, ConsistentRead=True).get("Item")
        if image is not None and is_projected(record := self.record(table, image)):
            self.records.append(record)

    def record(self, table: str, image: Item) -> Record:
        number = next(self._numbers)
        return {
            "eventID": f"e{number}",
            "eventName": "MODIFY",
            "eventSource": "aws:dynamodb",
            "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-11-27T00:00:00.000",
            "dynamodb": {
                "ApproximateCreationDateTime": NOW_S,
                "Keys": {"PK": image["PK"], "SK": image["SK"]},
                "NewImage": image,
                "SequenceNumber": f"{number:021d}",
            },
        }


class _Recorded:
    """A client of DynamoDB that tells a stream of its writes."""

    def __init__(self, client: Any, stream: Stream) -> None:
        self._inner, self._stream = client, stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def put_item(self, **request: Any) -> Any:
        answer = self._inner.put_item(**request)
        self._stream.wrote(request["TableName"], request["Item"])
        return answer

    def update_item(self, **request: Any) -> Any:
        answer = self._inner.update_item(**request)
        self._stream.wrote(request["TableName"], request["Key"])
        return answer

    def transact_write_items(self, **request: Any) -> Any:
        answer = self._inner.transact_write_items(**request)
        for action in request["TransactItems"]:
            for verb, each in action.items():
                if verb in ("Put", "Update"):
                    self._stream.wrote(each["TableName"], each.get("Key") or each["Item"])
        return answer

    def batch_write_item(self, **request: Any) -> Any:
        answer = self._inner.batch_write_item(**request)
        for table, requests in request["RequestItems"].items():
            for each in requests:
                if "PutRequest" in each:
                    self._stream.wrote(table, each["PutRequest"]["Item"])
        return answer


class Letters:
    """Where records are set aside."""

    def __init__(self) -> None:
        self.put_aside: list[DeadLetter] = []

    def put(self, letter: DeadLetter) -> None:
        self.put_aside.append(letter)


class Projected:
    """Feeds a stream to the function over `projections`. Needs the fixture `functions_environ`. `done`: how many of the
    stream's records are done."""

    def __init__(self, stream: Stream, projections: Sequence[Projection], batch_size: int = 100) -> None:
        self._stream, self._size = stream, batch_size
        self.letters, self.done = Letters(), 0
        handler = projecting(lambda: projections, lambda: self.letters)
        self._functions = Functions({NAME: Function(NAME, handler)})

    def feed(self, records: Sequence[Record]) -> str | None:
        """One batch; the sequence number from which on it is to be sent again, `None` where all of it is done."""
        answer = self._functions.call(NAME, {"Records": records})
        failures = answer["batchItemFailures"]
        return failures[0]["itemIdentifier"] if failures else None

    def run(self, attempts: int = 20) -> None:
        """Everything new, in its order, also what the projections write meanwhile; what fails is tried again. Raises
        `AssertionError` where that does not end."""
        while self.done < len(self._stream.records):
            batch = self._stream.records[self.done : self.done + self._size]
            failed = self.feed(batch)
            numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
            self.done += len(batch) if failed is None else numbers.index(failed) if failed in numbers else 0
            attempts -= failed is not None
            assert attempts > 0, f"given up at {failed}"

    def run_as_lambda_may(self, random: Random) -> None:
        """The same, with batches of any size, and now and then from an earlier record on once more: as a shard is read again
        whose checkpoint was lost."""
        while self.done < len(self._stream.records):
            if random.random() < 0.3:
                start = random.randint(0, self.done)
                self.feed(self._stream.records[start : start + random.randint(1, self._size)])
            batch = self._stream.records[self.done : self.done + random.randint(1, self._size)]
            if self.feed(batch) is None:
                self.done += len(batch)

    def again(self, random: Random | None = None) -> None:
        """All of it once more, from the beginning, late; with `random` only some of it."""
        for record in list(self._stream.records[: self.done]):
            if random is None or random.random() < 0.5:
                assert self.feed([record]) is None
