"""`python -m stream`: which events it gives out once more, and what it says of the rest."""

import io
import json
import os
import subprocess
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chat.rules.instants import from_wire, to_wire
from chat.rules.rooms import Room
from chat.storage.clock import wall_clock
from chat.storage.keys import event as event_key
from simulator.demo import create_tables
from simulator.settings import TABLES
from simulator.stream_mapping import given_up
from simulator.streams import Checkpoints, StreamPoller, enable_streams
from stream.__main__ import Run
from stream.activity import Wanted, active_rooms
from stream.reemission import Report, reemit_room
from stream.settings import read
from tests.guarantees.support.fixtures import Clock, edit, new_room, partition, process, send

pytestmark = pytest.mark.real_engine("boto3's own clients meet moto only where they are its")


class Program:
    """The program over the tables of this run."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def run(self, *arguments: str) -> tuple[list[tuple[str, int]], Report]:
        """Room and revision of each event that is printed, in their order, and the report."""
        with redirect_stdout(io.StringIO()) as printed:
            report = Report()
            Run(read([*arguments, "--print", f"--endpoint={self._endpoint}"]), report).go()
        events = [json.loads(line) for line in printed.getvalue().splitlines()]
        return [(each["roomId"], each["rev"]) for each in events], report


@pytest.fixture
def program(functions_environ: None, endpoint: str) -> Program:
    return Program(endpoint)


@pytest.fixture
def rooms(client: Any) -> tuple[str, str]:
    """A room of each table with a message and its edit: the revisions 1 to 3."""
    deployment = process(client, Clock(wall_clock()))
    found = new_room(client, "alice"), new_room(client, "alice", prefix="GUILD#")
    for room in found:
        edit(deployment, send(deployment, room, "alice", "hello"), "edited")
    return found


def test_a_room_comes_since_a_revision(program: Program, rooms: tuple[str, str]) -> None:
    room, guild = rooms
    assert program.run("--room", room)[0] == [(room, 1), (room, 2), (room, 3)]
    assert program.run("--room", guild, "--since", "1", "--until", "2")[0] == [(guild, 2)]
    printed, report = program.run("--room", "no-such-room", "--room", guild, "--since", "2")
    assert printed == [(guild, 3)]
    assert list(report.failed) == ["no-such-room"]
    assert "NotRoomMember" in report.lines()[1]


def test_make_prints_a_room_of_this_machine_whatever_the_developers_own_set_up_for_aws_is(
    project: Path, endpoint: str, rooms: tuple[str, str]
) -> None:
    environment = {"PATH": os.environ["PATH"], "AWS_PROFILE": "nobody", "DYNAMODB_ENDPOINT": endpoint}
    done = subprocess.run(
        ["make", "-s", "reemit", f"ARGS=--room {rooms[0]}"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "1 rooms, 3 events\n")
    assert [json.loads(line)["rev"] for line in done.stdout.splitlines()] == [1, 2, 3]


def test_a_profile_that_is_not_there_is_told_in_a_line(project: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{project}:{project / 'layers/chat/python'}",
        "AWS_PROFILE": "nobody",
    }
    done = subprocess.run(
        [sys.executable, "-m", "stream", "--room", "lobby", "--print"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "AWS: ProfileNotFound. Start again to go on.\n0 rooms, 0 events\n"


@pytest.fixture
def own_tables(client: Any, rooms: tuple[str, str]) -> tuple[str, str]:
    """Both tables with the rooms, nine more in the first, and nothing of other tests: a scan reads all that there is."""
    deployment, suffix = process(client, Clock(wall_clock())), uuid4().hex[:8]
    names = f"core-{suffix}", f"guild-{suffix}"
    others = [new_room(client, "alice") for _ in range(9)]
    for room in others:
        edit(deployment, send(deployment, room, "alice", "hello"), "edited")
    create_tables(client, dict(zip(TABLES, names, strict=True)))
    for name, table, held in zip(names, TABLES.values(), ([rooms[0], *others], rooms[1:]), strict=True):
        for room in held:
            for item in partition(client, table, Room.parse(room).partition_key):
                client.put_item(TableName=name, Item=item)
    return names


def test_all_rooms_come_that_had_something_since_an_instant(
    program: Program, rooms: tuple[str, str], own_tables: tuple[str, str], client: Any
) -> None:
    core, guild = own_tables
    later = wall_clock() + 60_000
    send(process(client, Clock(later)), rooms[0], "alice", "later")
    for item in partition(client, TABLES["CORE_TABLE"], Room.parse(rooms[0]).partition_key):
        client.put_item(TableName=core, Item=item)
    where = f"--core-table={core}", f"--guild-table={guild}"
    printed, report = program.run("--all", "--since-time", to_wire(later), *where)
    assert (printed, report.failed) == ([(rooms[0], 4)], {})
    printed, report = program.run("--all", "--since-time", "2001-01-01T00:00:00Z", *where)
    assert ({(each, rev) for each in rooms for rev in (1, 2, 3)} <= set(printed), len(printed)) == (True, 34)
    assert report.failed == {}


def test_an_event_says_where_its_message_lies(
    endpoint: str,
    functions_environ: None,
    rooms: tuple[str, str],
    client: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The contract has consumers without texts read it by this key."""
    for room, table, partition_key in zip(
        rooms, TABLES.values(), (f"ROOM#{rooms[0]}", rooms[1]), strict=True
    ):
        Run(read([f"--room={room}", "--print", f"--endpoint={endpoint}"]), Report()).go()
        message = json.loads(capsys.readouterr().out.splitlines()[-1])["message"]
        ms, _ = from_wire(message["ts"])
        key = {"PK": {"S": partition_key}, "SK": {"S": f"MSG#{ms:013d}#{message['id']}"}}
        assert client.get_item(TableName=table, Key=key)["Item"]["text"] == {"S": "edited"}


def test_the_scan_goes_on_where_it_was(
    own_tables: tuple[str, str], rooms: tuple[str, str], client: Any
) -> None:
    """A page's end may lie within a room, whose first revision is known then."""

    class Paged:
        def scan(self, **request: Any) -> Any:
            return client.scan(**request, Limit=7)

    pages = list(active_rooms(Paged(), "core", own_tables[0], 0))
    whole = {each for page in pages for each in page.found}
    assert Wanted(rooms[0], 0) in whole
    assert len(pages) > 5
    middle = pages[len(pages) // 2]
    rest = list(active_rooms(Paged(), "core", own_tables[0], 0, middle.start, middle.open_room))
    before = [each for page in pages[: len(pages) // 2 + 1] for each in page.found]
    assert sorted(map(repr, [*before, *(each for page in rest for each in page.found)])) == sorted(
        map(repr, whole)
    )


def letter(room_id: str, sort_key: str, table: str = "gg_core") -> str:
    keys = {"PK": Room.parse(room_id).partition_key, "SK": sort_key}
    return json.dumps(
        {"version": 1, "table": table, "keys": keys, "sequenceNumber": "1", "reason": "id", "at": 1}
    )


def test_our_dead_letters_name_an_item_and_are_gone_once_it_was_told(
    program: Program, rooms: tuple[str, str], client: Any, tmp_path: Path
) -> None:
    room, guild = rooms
    message = send(process(client, Clock(wall_clock() + 1_000)), room, "alice", "more")
    from chat.storage.keys import message as message_key

    unclear = ["no JSON", "7", "{}", letter(room, "MSG#1#gone"), letter(room, event_key(1), "another")]
    clear = [letter(guild, event_key(1), "gg_guild"), letter(room, message_key(message.ts, message.id))]
    path = tmp_path / "letters.jsonl"
    path.write_text("".join(f"{each}\n" for each in [*unclear, *clear]))
    printed, report = program.run("--dead-letters", f"file:{path}")
    assert printed == [(guild, 1), (room, 4)]
    assert path.read_text().splitlines() == unclear
    assert len(report.unclear) == len(unclear)


def test_a_letter_stays_until_what_it_points_to_can_be_read(
    program: Program, rooms: tuple[str, str], client: Any, tmp_path: Path
) -> None:
    room, _ = rooms
    key = {"PK": {"S": Room.parse(room).partition_key}, "SK": {"S": event_key(1)}}
    sound = client.get_item(TableName=TABLES["CORE_TABLE"], Key=key)["Item"]
    client.put_item(TableName=TABLES["CORE_TABLE"], Item={**sound, "notices": {"S": "no JSON"}})
    path = tmp_path / "letters.jsonl"
    letters = [letter(room, event_key(1)), letter(room, event_key(9_999))]
    path.write_text("".join(f"{each}\n" for each in letters))
    printed, report = program.run("--dead-letters", f"file:{path}")
    assert (printed, path.read_text().splitlines()) == ([], letters)
    assert report.missing == {room: [[1, 1]]}
    assert report.unclear == [f"{room}: not all of its revisions could be given out"] * 2
    client.put_item(TableName=TABLES["CORE_TABLE"], Item=sound)
    printed, _ = program.run("--dead-letters", f"file:{path}")
    assert (printed, path.read_text().splitlines()) == ([(room, 1)], letters[1:])


def test_lambdas_letters_name_a_part_of_a_shard_whose_keys_the_stream_has_or_all_since_then(
    program: Program, endpoint: str, client: Any, tmp_path: Path
) -> None:
    names = dict(zip(TABLES, (f"core-{uuid4().hex[:8]}", f"guild-{uuid4().hex[:8]}"), strict=True))
    create_tables(client, names)
    core, own = (
        names["CORE_TABLE"],
        [f"--{key.lower().replace('_', '-')}={name}" for key, name in names.items()],
    )
    arn = enable_streams(endpoint, names)[core]
    poller = StreamPoller(endpoint, arn, lambda _: None, Checkpoints(None), threading.Event(), start="LATEST")
    poller.prepare()
    room = new_room(client, "alice")
    send(process(client, Clock(wall_clock())), room, "alice", "hello")
    items = partition(client, TABLES["CORE_TABLE"], Room.parse(room).partition_key)
    for item in items:
        client.put_item(TableName=core, Item=item)
    shard = next(iter(poller._mappings))  # noqa: SLF001  past the function
    records: list[Any] = []
    while len(records) < len(items):
        records += poller._records(shard)  # noqa: SLF001  as above
    path = tmp_path / "letters.jsonl"
    note = given_up(records, arn, shard, 10)
    path.write_text(json.dumps(note) + "\n")
    assert program.run("--dead-letters", f"file:{path}", *own)[0] == [(room, 1), (room, 2)]
    assert path.read_text() == ""
    note["DDBStreamBatchInfo"]["shardId"] = "shardId-00000000000000000001-00000001"
    path.write_text(json.dumps(note) + "\n")
    assert program.run("--dead-letters", f"file:{path}", *own)[0] == [(room, 1), (room, 2)]
    assert path.read_text() == ""


def test_a_function_whose_target_fails_is_called_again_from_where_it_was() -> None:
    asked: list[Any] = []
    answers = [
        {"emitted": 5, "missing": [[3, 4]], "refused": [], "next": 9, "failure": "ThrottlingException"},
        {
            "emitted": 1,
            "missing": [],
            "refused": [{"rev": 10, "reason": "TooLarge"}],
            "next": None,
            "failure": None,
        },
    ]

    def reemit(request: Any) -> Any:
        asked.append(request)
        return answers.pop(0)

    report, pauses = Report(), list[float]()
    assert reemit_room(Wanted("lobby", 2, 11), reemit, ["bus"], report, pauses.append)
    assert [each["since"] for each in asked] == [2, 9]
    assert all((each["until"], each["targets"]) == (11, ["bus"]) for each in asked)
    assert pauses == [0.5]
    assert report.lines() == ["1 rooms, 6 events", "lobby: missing 3 to 4", "lobby: refused 10 (TooLarge)"]


def test_a_target_that_never_takes_anything_ends_the_room() -> None:
    answer = {"emitted": 0, "missing": [], "refused": [], "next": 2, "failure": "AccessDeniedException"}
    report = Report()
    assert not reemit_room(Wanted("lobby", 2), lambda _: answer, None, report, lambda _: None)
    assert report.failed == {"lobby": "AccessDeniedException"}


@pytest.mark.parametrize(
    "arguments",
    ["", "--print", "--room lobby", "--room lobby --print --function x", "--room ? --print", "--all --print",
     "--all --since-time soon --print", "--room lobby --all --since-time 2026-01-01T00:00:00Z --print",
     "--dead-letters x --since 3 --print", "--room lobby --since -1 --print", "--room lobby --function x --text",
     "--room lobby --print --target bus", "--room lobby --function x --target publish", "--room lobby --print --state x"],
)  # fmt: skip
def test_what_makes_no_sense_stops_with_a_sentence(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(arguments.split())
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err
