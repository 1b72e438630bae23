"""`python -m migration` as an operator starts it: options, roster, progress, report, and a kill that cannot be caught."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat.rules.errors import NotRoomMember
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.clock import wall_clock
from chat.storage.items import key
from migration.tables import RateLimiter, Tables
from simulator.settings import REGION
from tests.guarantees.support.fixtures import DAY_MS, Clock, follow, process, read, send
from tests.migration.old import (
    MILLISECOND,
    NAMES,
    SECOND,
    Crashed,
    CrashingClient,
    Form,
    Old,
    adopt,
    old_room,
    partition,
    put,
    recent,
)


@pytest.fixture
def clock() -> Clock:
    """The program's own time is the real one."""
    return Clock(wall_clock())


ENVIRONMENT = {
    "PYTHONPATH": ".:layers/chat/python",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


def command(endpoint: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "migration", "--endpoint", endpoint, "--region", REGION, *options]


def migration(project: Path, endpoint: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(endpoint, *options),
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def rooms_of(path: Path) -> dict[str, Any]:
    report = json.loads(path.read_text(encoding="utf-8"))
    return {room["room"]: room for room in report["rooms"]}


@dataclass(frozen=True)
class Setup:
    """A general room (alone with an item that is no message), a guild's room, an empty one, and their roster."""

    general: Room
    guild: Room
    empty: Room
    roster: Path
    report: Path

    @property
    def options(self) -> list[str]:
        return ["--roster", str(self.roster), "--report", str(self.report), "--rate", "10000"]

    @property
    def outcomes(self) -> dict[str, Any]:
        report = json.loads(self.report.read_text(encoding="utf-8"))
        return {room["room"]: room for room in report["rooms"]}


@pytest.fixture
def setup(client: Any, tmp_path: Path) -> Setup:
    general, guild = old_room(client, recent(5)), old_room(client, recent(4), prefix="GUILD#")
    put(client, general, recent(1)[0].item(general) | {"SK": {"S": "MSG#yesterday#its-id"}})
    empty = Room.parse(f"empty-{uuid.uuid4().hex[:8]}")
    members = {
        general.id: {"ann": "owner", "bob": "member"},
        guild.id: {"ann": "owner"},
        empty.id: {"ann": "owner"},
    }
    (tmp_path / "roster.json").write_text(json.dumps(members))
    return Setup(general, guild, empty, tmp_path / "roster.json", tmp_path / "report.json")


def test_members_come_first_and_can_read(
    project: Path, client: Any, endpoint: str, setup: Setup, clock: Clock
) -> None:
    with pytest.raises(NotRoomMember):
        read(process(client, clock), setup.general.id, "ann")
    assert migration(project, endpoint, "--all", "--members-only", *setup.options).returncode == 0
    assert len(list(follow(process(client, clock), setup.general.id, "bob", limit=2))) == 5


def test_a_dry_run_of_all_writes_nothing(project: Path, client: Any, endpoint: str, setup: Setup) -> None:
    before = partition(client, setup.general)
    done = migration(project, endpoint, "--all", "--dry-run", *setup.options)
    own = setup.outcomes[setup.general.id]
    assert (own["outcome"], own["messages"], own["membersAdded"]) == ("wouldAdopt", 5, 2)
    assert done.stdout.endswith("A dry run: nothing was written.\n")
    assert partition(client, setup.general) == before


def test_one_room_first_then_all_that_are_left(
    project: Path, client: Any, endpoint: str, setup: Setup, clock: Clock
) -> None:
    rooms = [setup.general, setup.guild, setup.empty]
    done = migration(project, endpoint, "--room", setup.general.id, *setup.options)
    assert done.returncode == 0
    assert list(setup.outcomes) == [setup.general.id]
    assert f"{setup.general.id}: 5 of 5 messages numbered\n" in done.stderr
    migration(project, endpoint, "--all", *setup.options)
    found = [setup.outcomes[room.id] for room in rooms]
    assert [own["outcome"] for own in found] == ["alreadyAdopted", "adopted", "adopted"]
    assert [(own["membersAdded"], own["membersKept"]) for own in found] == [(0, 2), (1, 0), (1, 0)]
    ours = process(client, clock)
    assert [send(ours, room.id, "ann", "hi").seq for room in rooms] == [6, 5, 1]


def test_the_commands_of_the_page_adopt_a_room_of_this_machine(
    project: Path, client: Any, endpoint: str, tmp_path: Path
) -> None:
    """But for the AWS CLI, which need not be here: its item is put by its client."""
    page = (project / "docs" / "migration.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```\n(export AWS.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ((command, table, item),) = re.findall(
        r"^(aws .*--table-name (\S+) --item '(.*?)')$", block, re.MULTILINE | re.DOTALL
    )
    client.put_item(TableName=table, Item=json.loads(item))
    script = block.replace(command, "").replace(".local/", f"{tmp_path}/")
    environment = {"PATH": os.environ["PATH"], "DYNAMODB_ENDPOINT": endpoint}
    said = subprocess.check_output(["sh", "-ec", script], cwd=project, env=environment, text=True)
    assert [line.split()[:3] for line in said.splitlines() if line.startswith("attic")] == [
        ["attic", "wouldAdopt", "1"],
        ["attic", "adopted", "1"],
    ]


def test_a_room_is_taken_back_once_it_is_named(
    project: Path, client: Any, endpoint: str, setup: Setup, clock: Clock
) -> None:
    before = partition(client, setup.general)
    migration(project, endpoint, "--room", setup.general.id, *setup.options)
    send(process(client, clock), setup.general.id, "ann", "hi")
    options = ["--room", setup.general.id, "--revert", "--report", str(setup.report), "--rate", "10000"]
    migration(project, endpoint, *options, "--dry-run")
    assert setup.outcomes[setup.general.id]["outcome"] == "wouldRevert"
    done = migration(project, endpoint, *options)
    own = setup.outcomes[setup.general.id]
    assert (done.returncode, own["outcome"], own["messages"], own["notReturned"]) == (0, "reverted", 6, 0)
    assert f"{setup.general.id}: 6 messages written back\n" in done.stderr
    after = partition(client, setup.general)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
    assert migration(project, endpoint, *options).returncode == 1


def test_the_report_names_what_was_left_and_no_texts(
    project: Path, client: Any, endpoint: str, setup: Setup
) -> None:
    done = migration(project, endpoint, "--room", setup.general.id, *setup.options)
    place = setup.general.partition_key, "MSG#yesterday#its-id"
    assert setup.outcomes[setup.general.id]["skipped"] == [
        {"partitionKey": place[0], "sortKey": place[1], "reason": "key"}
    ]
    assert f"left as it is (key): {' '.join(place)}\n" in done.stdout
    for text in (done.stdout, done.stderr, setup.report.read_text(encoding="utf-8")):
        assert "text of" not in text


def test_killed_outright_and_started_again(project: Path, client: Any, endpoint: str, clock: Clock) -> None:
    room = old_room(client, recent(200), "ann")
    options = ["--room", room.id, "--rate", "100"]
    with subprocess.Popen(
        command(endpoint, *options),
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process_of_it:
        assert process_of_it.stderr
        line = process_of_it.stderr.readline()
        os.kill(process_of_it.pid, signal.SIGKILL)
    assert line == f"{room.id}: 25 of 200 messages numbered\n"
    assert process_of_it.returncode == -signal.SIGKILL
    assert keys.HEAD not in partition(client, room)
    roster = ["--room", room.id, "--rate", "10000"]
    done = migration(project, endpoint, *roster)
    assert "nobody on the roster" not in done.stdout
    assert done.returncode == 0
    found = list(follow(process(client, clock), room.id, "ann", order="OLDEST_FIRST", limit=100))
    assert [message.seq for message in found] == list(range(1, 201))
    assert [message.id for message in found] == [f"{number:04d}" for number in range(200)]


def test_a_room_that_is_refused_does_not_stop_the_others_and_shows_in_the_status(
    project: Path, client: Any, endpoint: str, tmp_path: Path
) -> None:
    old, new = old_room(client, recent(2, ago_ms=400 * DAY_MS), "ann"), old_room(client, recent(2), "ann")
    report = tmp_path / "report.json"
    both = ["--room", old.id, "--room", new.id, "--report", str(report)]
    done = migration(project, endpoint, *both)
    found = rooms_of(report)
    assert done.returncode == 1
    assert [found[room.id]["outcome"] for room in (old, new)] == ["refused", "adopted"]
    assert "--retention-days 402 keeps them" in done.stdout
    assert migration(project, endpoint, *both, "--retention-days", "402").returncode == 0


def test_a_room_id_that_was_mistyped_makes_no_room(project: Path, client: Any, endpoint: str) -> None:
    done = migration(project, endpoint, "--room", "lobbby")
    assert (done.returncode, "nobody on the roster" in done.stdout) == (1, True)
    assert partition(client, Room.parse("lobbby")) == {}


AT_ONCE = "import runpy, time; time.sleep = lambda seconds: None; runpy.run_module('migration', run_name='__main__')"
"""The program, for which pauses take no time."""


def test_an_engine_that_is_not_there_is_a_sentence(project: Path) -> None:
    options = ["--endpoint", "http://127.0.0.1:1", "--region", REGION, "--room", "lobby"]
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *options],
        cwd=project, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "EndpointConnectionError. Start again to go on." in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "one of the arguments --room --all is required"),
        (["--all", "--room", "a"], "not allowed with argument"),
        (["--room", "a#b"], "--room: a#b is not a room id"),
        (["--all", "--rate", "0"], "--rate: Input should be greater than or equal to 0.1"),
        (["--all", "--rate", "fast"], "--rate: Input should be a valid number"),
        (["--all", "--retention-days", "6"], "--retention-days: Input should be greater than or equal to 7"),
        (["--all", "--retention-days", "7.5"], "--retention-days: Input should be a valid integer"),
        (["--all", "--members-only"], "--members-only needs --roster"),
        (["--all", "--revert"], "--revert needs --room, and no --roster"),
        (["--room", "a", "--revert", "--roster", "r"], "--revert needs --room, and no --roster"),
        (["--all", "--endpoint", "localhost"], "--endpoint: Input should be a valid URL"),
        (["--all", "--report", "nowhere/at-all.json"], "--report: there is no folder nowhere"),
        (["--all", "--roster", "nowhere.json"], "nowhere.json: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_option_is_a_sentence_that_names_it(
    project: Path, options: Sequence[str], sentence: str
) -> None:
    done = migration(project, "http://127.0.0.1:1", *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


# what it finds


def test_partitions_that_are_no_rooms_are_reported(
    client: Any, project: Path, endpoint: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    partition_key = f"DM#{uuid.uuid4()}"
    item = recent(1)[0].item(Room.parse("x")) | {"PK": {"S": partition_key}}
    client.put_item(TableName="gg_core", Item=item)
    try:
        migration(project, endpoint, "--all", "--dry-run", "--report", str(report))
        found = json.loads(report.read_text(encoding="utf-8"))["foreign"]
    finally:
        client.delete_item(TableName="gg_core", Key=key(partition_key, item["SK"]["S"]))
    assert found == [{"partitionKey": partition_key, "sortKey": "MSG#", "reason": "partition"}]


def test_a_room_whose_adoption_was_killed_is_found_by_all(client: Any) -> None:
    """Also when all its keys were right, so that no item without a number is left to be found."""
    start = (wall_clock() - DAY_MS) * MILLISECOND
    room = old_room(client, [Old(start + n * SECOND, f"{n}", Form("milliseconds")) for n in range(2)], "ann")
    with pytest.raises(Crashed):
        adopt(CrashingClient(client, 2), room, now=wall_clock)
    assert all(
        "seq" in item for sort_key, item in partition(client, room).items() if sort_key.startswith("MSG#")
    )
    names: Any = NAMES
    tables = Tables(client, names, RateLimiter(1e9, lambda: 0.0, lambda _: None))
    assert room.partition_key in set(tables.partitions("core"))


def test_the_rate_is_kept_on_average() -> None:
    clock = Clock(0)
    limiter = RateLimiter(100, clock.monotonic, clock.sleep)
    for _ in range(11):
        limiter.take(50)
    assert clock.seconds == pytest.approx(5)
