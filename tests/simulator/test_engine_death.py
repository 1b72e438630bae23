"""An engine that is killed comes back with what it acknowledged, its users are told, and each such stop is counted."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from chat.rules.generations import LEAP
from simulator.engine import MINISTACK, PROJECT, Kind, embedded, home_of
from simulator.engine import main as wait_for_engines
from simulator.engine_host import JOURNAL_BYTES
from simulator.engine_state import (
    UncleanStop,
    last_unclean_stop,
    note_clean_stop,
    note_recovery,
    note_start,
    note_told,
    unclean_stops,
    untold,
)
from tests.simulator.test_engine_lifetime import KINDS, Eventually, dynamodb

LINES = 11  # of the greeting of `make run`
SEND = 'mutation {{ sendMessage(roomId: "lobby", text: "{0}", clientMessageId: "{0}") {{ id roomId senderId text ts seq epoch clientMessageId }} }}'
READ = '{ messages(roomId: "lobby", limit: 100) { items { text } head { epoch } } }'


def engine(home: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((home / "engine.json").read_text()))
    except FileNotFoundError:
        return {}


def kill(home: Path, eventually: Eventually) -> None:
    """Kills the engine and waits for the next one."""
    killed = engine(home)["engine"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: engine(home).get("engine", killed) != killed)


def has_ended(root: Path) -> None:
    """Waits for an engine that its last user has left: it saves."""
    assert wait_for_engines(root, patience=30) is None


def make_table(client: Any) -> None:
    client.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def put(client: Any, key: str, text: str = "", **condition: str) -> None:
    client.put_item(TableName="table", Item={"PK": {"S": key}, "text": {"S": text}}, **condition)


def keys(client: Any) -> set[str]:
    pages = client.get_paginator("scan").paginate(TableName="table", ProjectionExpression="PK")
    return {item["PK"]["S"] for page in pages for item in page["Items"]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_engine_is_started_again_at_its_address_with_what_it_had(
    kind: Kind, tmp_path: Path, eventually: Eventually
) -> None:
    home = home_of(kind, tmp_path)
    with embedded(kind, tmp_path) as endpoint:
        client = dynamodb(endpoint)
        make_table(client)
        for number in range(20):
            put(client, f"{number}")
        kill(home, eventually)
        assert engine(home)["endpoint"] == endpoint
        # DynamoDB Local may lose what it acknowledged last; MiniStack's journal does not.
        lost = {f"{number}" for number in range(20)} - keys(client)
        assert lost <= ({"19"} if kind == "dynamodb-local" else set())
        put(client, "after")
        assert "after" in keys(client)
        assert unclean_stops(home) == 1


def test_nothing_that_ministack_acknowledged_is_lost_however_often_it_is_killed(
    tmp_path: Path, eventually: Eventually
) -> None:
    """Refused writes stay refused, a transaction is repeated as a whole, and what was deleted stays away."""
    home, stored = home_of("ministack", tmp_path), set[str]()
    with embedded("ministack", tmp_path) as endpoint:
        client = dynamodb(endpoint)
        make_table(client)
        for turn in range(3):
            for number in range(5):
                put(client, f"{turn}-{number}")
            with pytest.raises(botocore.exceptions.ClientError):
                put(client, f"{turn}-0", "another", ConditionExpression="attribute_not_exists(PK)")
            client.delete_item(TableName="table", Key={"PK": {"S": f"{turn}-4"}})
            client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": "table", "Item": {"PK": {"S": f"{turn}-{name}"}}}} for name in "ab"
                ]
            )
            stored |= {f"{turn}-{name}" for name in "0123ab"}
            kill(home, eventually)
            assert keys(client) == stored
        item = client.get_item(TableName="table", Key={"PK": {"S": "0-0"}})["Item"]
        assert item["text"] == {"S": ""}
    with embedded("ministack", tmp_path) as endpoint:
        assert keys(dynamodb(endpoint)) == stored


def test_a_journal_that_grew_long_ends_in_a_save_and_a_new_one(
    tmp_path: Path, eventually: Eventually
) -> None:
    home = home_of("ministack", tmp_path)
    data, text = home / "data", "x" * 350_000
    with embedded("ministack", tmp_path) as endpoint:
        client = dynamodb(endpoint)
        make_table(client)
        count = JOURNAL_BYTES // len(text) + 2
        for number in range(count):
            put(client, f"{number}", text)
        eventually((data / "dynamodb.json").exists)
        eventually(lambda: len(list(data.glob("journal.*"))) == 1)
        kill(home, eventually)
        assert keys(client) == {f"{number}" for number in range(count)}
        stop = last_unclean_stop(home)
        assert stop is not None
        assert stop.repeated is not None
        assert stop.repeated < count
        assert not list(data.glob("saving.*"))


def test_a_bucket_is_there_after_a_kill(tmp_path: Path, eventually: Eventually) -> None:
    home = home_of("ministack", tmp_path)
    with embedded("ministack", tmp_path) as endpoint:
        for path, body in (("/bucket", b""), ("/bucket/file", b"content")):
            urllib.request.urlopen(urllib.request.Request(endpoint + path, body, method="PUT")).close()  # noqa: S310
        eventually((home / "data" / "s3.json").exists)
        kill(home, eventually)
        with urllib.request.urlopen(f"{endpoint}/bucket/file") as answer:  # noqa: S310
            assert answer.read() == b"content"
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{endpoint}/another/file")  # noqa: S310


def test_a_line_that_was_cut_off_is_passed_and_what_was_before_it_is_there(tmp_path: Path) -> None:
    home = home_of("ministack", tmp_path)
    with embedded("ministack", tmp_path) as endpoint:
        make_table(dynamodb(endpoint))
        put(dynamodb(endpoint), "whole")
        (journal,) = (home / "data").glob("journal.*")
        lines = journal.read_bytes().splitlines(keepends=True)
    has_ended(tmp_path)
    journal.with_name("journal.900").write_bytes(lines[-1].replace(b"whole", b"again") + lines[-1][:-9])
    (home / "running.json").write_text("{}")
    with embedded("ministack", tmp_path) as endpoint:
        assert keys(dynamodb(endpoint)) == {"whole", "again"}
        stop = untold(home)
        assert stop is not None
        assert (stop.count, stop.repeated, stop.lost) == (1, 1, 0)


def test_data_of_a_ministack_without_a_journal_is_read_and_it_reads_ours(tmp_path: Path) -> None:
    data = home_of("ministack", tmp_path) / "data"
    for number in (1, 2):
        with embedded("ministack", tmp_path) as endpoint:
            if number == 1:
                make_table(dynamodb(endpoint))
            put(dynamodb(endpoint), f"{number}")
        has_ended(tmp_path)
        assert not list(data.glob("journal.*"))
        # As an older version of this program saved it.
        document = json.loads((data / "dynamodb.json").read_text())
        assert isinstance(document["payload"].pop("journal"), int)
        (data / "dynamodb.json").write_text(json.dumps(document))
    with embedded("ministack", tmp_path) as endpoint:
        assert keys(dynamodb(endpoint)) == {"1", "2"}
    has_ended(tmp_path)
    load = (
        "import sys; from ministack.core import persistence as p; from ministack.services import dynamodb as d;"
        "d.load_persisted_state(p.load_state('dynamodb'));"
        "print(sorted(next(iter(d._tables.all_values()))['items']))"
    )
    environment = {"PERSIST_STATE": "1", "STATE_DIR": str(data), "PATH": os.environ["PATH"]}
    printed = subprocess.check_output([str(MINISTACK), "-c", load], env=environment, text=True)
    assert re.findall(r"\d", printed.splitlines()[-1]) == ["1", "2"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_that_was_asked_for_is_not_counted(kind: Kind, tmp_path: Path) -> None:
    home = home_of(kind, tmp_path)
    with embedded(kind, tmp_path) as endpoint:
        dynamodb(endpoint).list_tables()
        assert (home / "running.json").exists()
    with embedded(kind, tmp_path):
        assert unclean_stops(home) == 0
        assert untold(home) is None


def test_a_stop_is_counted_before_the_next_start_and_told_once_after_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert not note_start(tmp_path, "ministack")
    assert unclean_stops(tmp_path) == 0
    (tmp_path / "data" / "journal.1").write_text("")
    os.utime(tmp_path / "data" / "journal.1", (1_700_000_000, 1_700_000_000))
    assert note_start(tmp_path, "ministack")
    assert unclean_stops(tmp_path) == 1
    assert untold(tmp_path) is None
    note_recovery(tmp_path)
    stop = untold(tmp_path)
    assert stop == UncleanStop(1, "ministack", 1_700_000_000.0, is_over=True)
    note_told(tmp_path, stop)
    assert untold(tmp_path) is None
    note_clean_stop(tmp_path)
    assert not note_start(tmp_path, "ministack")
    assert unclean_stops(tmp_path) == 1


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (
            UncleanStop(1, "ministack", 1_700_000_000.0, repeated=12),
            (
                "MiniStack had stopped without being asked to (last write 2023-11-14 22:13:20 UTC) and was started again. "
                "12 writes since its last save were repeated from its journal; nothing that it acknowledged is lost."
            ),
        ),
        (
            UncleanStop(1, "ministack", None, repeated=3, lost=2),
            (
                "MiniStack had stopped without being asked to (nothing was ever saved) and was started again. "
                "3 writes since its last save were repeated from its journal; 2 could not be, and are lost."
            ),
        ),
        (
            UncleanStop(2, "dynamodb-local", 1_700_000_000.0),
            (
                "DynamoDB Local had stopped without being asked to (last write 2023-11-14 22:13:20 UTC) and was started "
                "again. What it acknowledged last may be missing."
            ),
        ),
    ],
)
def test_people_are_told_in_a_sentence(stop: UncleanStop, sentence: str) -> None:
    assert stop.sentence() == sentence


@dataclass
class Run:
    """`make run`'s program over its own engine."""

    process: "subprocess.Popen[str]"
    url: str
    log: Path
    token: str

    def ask(self, query: str) -> Any:
        request = urllib.request.Request(  # noqa: S310
            self.url, json.dumps({"query": query}).encode(), {"Authorization": self.token}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def sent(self, text: str) -> bool:
        """Sends it until it is stored: a retry of the same message is the same message."""
        return bool((self.ask(SEND.format(text))["data"] or {}).get("sendMessage"))

    def epoch(self) -> int:
        return int(self.ask(READ)["data"]["messages"]["head"]["epoch"])

    def texts(self) -> set[str]:
        return {item["text"] for item in self.ask(READ)["data"]["messages"]["items"]}


@contextmanager
def running(state: Path) -> Iterator[Run]:
    environment: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'layers/chat/python'}",
    }
    command = [sys.executable, "-m", "simulator"]
    log = state.parent / "log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [*command, "run", f"--state={state}", "--port=0"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        token = subprocess.check_output(
            [*command, "token", f"--state={state}", "--user=alice"], cwd=PROJECT, env=environment, text=True
        )
        try:
            yield Run(process, url, log, token.strip())
        finally:
            process.terminate()


def test_the_api_outlives_its_engine_and_says_so(tmp_path: Path, eventually: Eventually) -> None:
    state = tmp_path / "state"
    home = home_of("ministack", state)
    with running(state) as run:
        assert run.sent("before")
        assert run.epoch() == 1
        kill(home, eventually)
        eventually(lambda: run.sent("after"))
        assert run.epoch() == LEAP + 1
        assert {"before", "after"} <= run.texts()
        eventually(lambda: "nothing that it acknowledged is lost" in run.log.read_text())
        assert "The engine has stopped by itself and is started again" in run.log.read_text()
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(30) == 0


@pytest.mark.parametrize("killed", [("host", "engine"), ("engine",)])
def test_what_was_acknowledged_is_there_after_both_were_killed_and_the_next_start_says_so(
    tmp_path: Path, killed: tuple[str, ...]
) -> None:
    state = tmp_path / "state"
    home = home_of("ministack", state)
    with running(state) as run:
        sent = {f"text-{number}" for number in range(5)}
        assert all(run.sent(text) for text in sorted(sent))
        alive = engine(home)
        for name in killed:
            os.kill(alive[name], signal.SIGKILL)
        run.process.kill()
    with running(state) as run:
        assert run.texts() >= sent
        assert run.epoch() == LEAP + 1
        assert re.search(
            r"MiniStack had stopped without being asked to \(last write .* UTC\) .* nothing .* is lost",
            run.log.read_text(),
        )
        assert unclean_stops(home) == 1


def test_the_api_ends_with_a_sentence_when_its_engine_does_not_come_back(
    tmp_path: Path, eventually: Eventually
) -> None:
    state = tmp_path / "state"
    home = home_of("ministack", state)
    with running(state) as run:
        alive = engine(home)
        os.kill(alive["host"], signal.SIGKILL)
        os.kill(alive["engine"], signal.SIGKILL)
        assert run.process.wait(30) == 1
        assert (
            "The engine has ended and does not start again, so this program ends, too." in run.log.read_text()
        )
