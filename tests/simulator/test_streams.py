"""Streams of the embedded tables: followed as Lambda does, and kept over a restart of the engine."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chat.storage.aws import client as aws_client
from simulator import demo
from simulator.engine import PROJECT, embedded, home_of
from simulator.settings import REGION
from simulator.stream_mapping import number_of
from simulator.streams import Checkpoints, MappingOptions, StreamPoller, enable_streams
from tests.simulator.test_engine_death import has_ended, kill

Eventually = Callable[[Callable[[], object]], None]
DONE: dict[str, Any] = {"batchItemFailures": []}


class Table:
    """A table with a stream, and what its reader has got."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.endpoint, self.name = endpoint, name
        self.client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
        demo.create_tables(self.client, {"CORE_TABLE": name})
        self.arn = enable_streams(endpoint, {"CORE_TABLE": name})[name]
        self.got: list[str] = []
        self.answers: list[Any] = []
        self.given_up: list[Any] = []

    def put(self, *names: str) -> None:
        for name in names:
            item = {
                "PK": {"S": "ROOM#lobby"},
                "SK": {"S": f"MSG#{name}"},
                "x": {"BOOL": True},
                "bytes": {"B": b"x"},
            }
            self.client.put_item(TableName=self.name, Item=item)

    def invoke(self, event: Any) -> object:
        records = json.loads(json.dumps(event))["Records"]
        self.got += [each["dynamodb"]["Keys"]["SK"]["S"].removeprefix("MSG#") for each in records]
        assert all(each["eventSourceARN"] == self.arn for each in records)
        return self.answers.pop(0)(records) if self.answers else DONE

    def poller(self, checkpoints: Checkpoints, start: Any = "TRIM_HORIZON") -> StreamPoller:
        return StreamPoller(
            self.endpoint,
            self.arn,
            self.invoke,
            checkpoints,
            threading.Event(),
            start=start,
            give_up=self.given_up.append,
            options=MappingOptions(attempts=2, retry_s=0.0),
        )

    def read(self, checkpoints: Checkpoints) -> list[str]:
        """What a reader that starts now gets, until there is no more."""
        self.got.clear()
        poller = self.poller(checkpoints)
        quiet = 0
        while quiet < 3:
            quiet = 0 if poller.step() else quiet + 1
        return list(self.got)

    def numbers(self) -> list[str]:
        """The sequence numbers of all that the stream has."""
        poller = self.poller(Checkpoints(None))
        poller.prepare()
        (shard,) = poller._mappings  # noqa: SLF001  past the function
        return [number_of(each) for each in poller._records(shard)]  # noqa: SLF001  as above


@pytest.fixture
def table(functions_environ: None, endpoint: str, request: pytest.FixtureRequest) -> Table:
    return Table(endpoint, f"streamed-{abs(hash(request.node.name)) % 10**9}")


real = pytest.mark.real_engine("moto is no engine that is followed")


@real
def test_a_reader_goes_on_where_the_last_one_was(table: Table, tmp_path: Path) -> None:
    table.put("1", "2")
    path = tmp_path / "checkpoints.json"
    assert table.read(Checkpoints.read(path)) == ["1", "2"]
    table.put("3")
    assert table.read(Checkpoints.read(path)) == ["3"]
    assert table.read(Checkpoints.read(path)) == []


@real
def test_who_follows_gets_what_happens_from_then_on(table: Table) -> None:
    table.put("1")
    poller = table.poller(Checkpoints(None), start="LATEST")
    poller.prepare()
    table.put("2")
    quiet = 0
    while quiet < 3:
        quiet = 0 if poller.step() else quiet + 1
    assert table.got == ["2"]


@real
def test_a_place_that_the_stream_no_longer_has_is_its_beginning(table: Table) -> None:
    table.put("1", "2")
    checkpoints = Checkpoints(None)
    table.read(checkpoints)
    (name,) = checkpoints.numbers
    checkpoints.numbers[name] = "000000000000000000000000000001"
    assert table.read(checkpoints) == ["1", "2"]


@real
def test_what_fails_is_tried_again_from_there_and_given_up_in_the_end(table: Table) -> None:
    table.put("1", "2", "3")

    def second(records: list[Any]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": number_of(records[1])}]}

    def first(records: list[Any]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": number_of(records[0])}]}

    table.answers = [second, first]
    assert table.read(Checkpoints(None)) == ["1", "2", "3", "2", "3"]
    (pointer,) = table.given_up
    assert pointer["DDBStreamBatchInfo"]["batchSize"] == 2
    assert pointer["DDBStreamBatchInfo"]["streamArn"] == table.arn


@real
def test_a_table_keeps_the_stream_that_it_has(table: Table) -> None:
    assert enable_streams(table.endpoint, {"CORE_TABLE": table.name}) == {table.name: table.arn}


def test_ministacks_stream_outlives_the_engine_and_keeps_its_numbers(
    functions_environ: None, tmp_path: Path, eventually: Eventually
) -> None:
    """Killed, it repeats its journal: no change is lost, none is there twice, and each has the number that it had."""
    checkpoints = Checkpoints(None)
    with embedded("ministack", tmp_path) as endpoint:
        table = Table(endpoint, "gg_core")
        table.put("1", "2")
        assert table.read(checkpoints) == ["1", "2"]
        table.put("3")
        numbers = table.numbers()
        kill(home_of("ministack", tmp_path), eventually)
        assert table.numbers() == numbers
        assert table.read(checkpoints) == ["3"]
        table.put("4")
    has_ended(tmp_path)
    with embedded("ministack", tmp_path) as endpoint:
        again = Table(endpoint, "gg_core")
        assert again.arn == table.arn
        assert again.numbers()[:3] == numbers
        assert again.read(checkpoints) == ["4"]
        again.put("5")
        assert again.read(checkpoints) == ["5"]
        assert len(again.numbers()) == 5


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PROJECT / 'layers/chat/python'}"}
    command = [sys.executable, "-m", "simulator", *arguments]
    program = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@real
@pytest.mark.timeout(120)
def test_events_are_printed_from_then_on_until_ctrl_c(
    functions_environ: None, endpoint: str, tmp_path: Path
) -> None:
    from tests.guarantees.support.fixtures import Clock, new_room, process, send

    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    deployment = process(client, Clock())
    room, elsewhere = new_room(client, "alice"), new_room(client, "alice")
    options = [f"--state={tmp_path}", f"--dynamodb-endpoint={endpoint}", f"--room={room}", "--text=true"]
    with started("events", *options) as events:
        assert events.stderr
        assert events.stdout
        assert f"events of {room}" in events.stderr.readline()
        send(deployment, elsewhere, "alice", "not here")
        send(deployment, room, "alice", "hello")
        event = json.loads(events.stdout.readline())
        assert (event["roomId"], event["message"]["text"], event["rebuilt"]) == (room, "hello", False)
        events.send_signal(signal.SIGINT)
        assert events.wait(30) == 0
